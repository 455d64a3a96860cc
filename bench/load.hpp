// What a closed loop is asked and what it measured.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quorate::bench {

struct load_options {
  unsigned concurrency = 1;  ///< calls outstanding at any time
  std::chrono::milliseconds warm_up{700};
  std::chrono::milliseconds measured{3'000};
  std::size_t value_bytes = 256;
  std::string key_prefix;            ///< tells the keys of one run from those of another on the same members
  std::optional<std::size_t> entry;  ///< one member takes all calls; otherwise round robin
  std::vector<pid_t> members;        ///< whose processor time is counted
};

struct load_result {
  double writes_per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double cpu_us_per_write = 0;  ///< user and system, members and client
  double foreign_share = 0;     ///< of the machine's processors, by processes that are not part of this
  double stolen_share = 0;      ///< of the machine's processors, by other guests of the host
  std::uint64_t writes = 0;
  std::uint64_t failures = 0;
  std::string first_failure;
};

}  // namespace quorate::bench
