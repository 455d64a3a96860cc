// Small arithmetic over measurements, and what the machine itself was doing meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::bench {

/// The value below which `share` of the numbers lie; 0 for none. Sorts its copy.
double percentile(std::vector<double> numbers, double share);
double median(std::vector<double> numbers);

/// User and system time of this process.
std::int64_t own_cpu_us();

/// Time of all processors of the machine, in microseconds since it started.
struct machine_time {
  std::int64_t all = 0;
  std::int64_t busy = 0;    ///< spent by processes of this machine
  std::int64_t stolen = 0;  ///< another guest of the host had it instead of us
};
machine_time read_machine_time();

/// How long one append of `bytes` and fdatasync takes in `directory`.
struct sync_cost {
  double p50_us = 0;
  double p99_us = 0;
};
result<sync_cost> measure_sync(const std::string& directory, unsigned times = 1'000, std::size_t bytes = 400);

}  // namespace quorate::bench
