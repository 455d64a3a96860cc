// Clients that read and write a few records together, with the strong promises: LINEARIZABLE writes, QUORUM reads.
// What they saw is judged by chaos/linearizability.
//
// Own threads between `start` and `stop`; the rest from the thread that made it. A write whose answer says "durable,
// but a newer one was there" took effect and was overwritten; one whose outcome is not known may still come.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "chaos/linearizability.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

struct register_load_options {
  std::vector<std::string> endpoints;  ///< host:port; client i starts with the i-th
  unsigned clients = 2;
  unsigned registers = 3;
  std::string name_space = "registers";
  std::uint64_t seed = 1;
  std::chrono::milliseconds call_deadline{1'000};
  std::chrono::milliseconds pause{2};
};

class register_load {
 public:
  explicit register_load(register_load_options options);
  ~register_load();

  void start();
  /// Returns when the calls under way are answered.
  void stop();
  /// Reads every register once through this node's own copy; once all nodes are equal, that must fit too.
  status read_finally(const std::string& endpoint);

  std::vector<register_operation> operations() const;

 private:
  class client;
  void add(register_operation operation);

  register_load_options options_;
  mutable std::mutex mutex_;
  std::vector<register_operation> operations_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> values_ = 0;  ///< every value is written once
  std::vector<std::thread> threads_;
};

}  // namespace quorate::chaos
