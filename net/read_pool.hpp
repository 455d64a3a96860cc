// The threads of calls that take longer than a gRPC thread may be kept: scans, searches, and what waits.
//
// Owned by the service. `run` from any thread. Bounded: beyond limits::waiting_reads_max a call is refused with
// errc::overloaded. The end of the pool finishes what was taken.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "proto/status.hpp"

namespace quorate::net {

class read_pool {
 public:
  read_pool();
  ~read_pool();
  read_pool(const read_pool&) = delete;
  read_pool& operator=(const read_pool&) = delete;

  /// Calls `work` on a thread of the pool and finishes the call with what it returns. An exception is errc::internal.
  grpc::ServerUnaryReactor* run(grpc::CallbackServerContext* call, std::function<status()> work);

  /// The same for work that may hand its call on: when it returns nothing, whoever it gave the call's reactor to
  /// finishes it.
  grpc::ServerUnaryReactor* run_first(grpc::CallbackServerContext* call,
                                      std::function<std::optional<status>(grpc::ServerUnaryReactor*)> work);

 private:
  struct task {
    grpc::ServerUnaryReactor* reactor = nullptr;
    std::function<std::optional<status>(grpc::ServerUnaryReactor*)> work;
  };
  void serve();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<task> waiting_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace quorate::net
