// Threads for what a call does that may take longer than one of gRPC's threads can be spared: reads of the disk,
// searches, calls that change many records.
//
// Owned by the server, which has two: for reads, and for calls that may go on for minutes, so that these take no
// thread from those. Any thread. Bounded: while `waiting_max` wait for a thread, new calls are refused with
// errc::overloaded; those that were admitted before, and waited elsewhere since, are bounded where they waited. The end
// of the pool finishes what was taken. What waits for news, a quorum or a peer is not here: it waits without a thread
// (node_api).
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

class call_pool {
 public:
  call_pool(std::size_t threads, std::size_t waiting_max);
  ~call_pool();
  call_pool(const call_pool&) = delete;
  call_pool& operator=(const call_pool&) = delete;

  /// Whether a new call is taken. To be asked once, when the call comes: what was admitted is not refused half way.
  status admit() const;

  /// Calls `work` on a thread of the pool and finishes the call with what it returns. An exception is errc::internal.
  /// Refuses the call when it is not admitted.
  grpc::ServerUnaryReactor* run(grpc::CallbackServerContext* call, std::function<status()> work);
  /// The same for a call that was admitted.
  void go_on(grpc::ServerUnaryReactor* reactor, std::function<status()> work);
  /// The same for work that may hand its call on: when it returns nothing, whoever it gave the call's reactor to
  /// finishes it.
  void hand_on(grpc::ServerUnaryReactor* reactor, std::function<std::optional<status>(grpc::ServerUnaryReactor*)> work);
  /// An exception ends the process: nobody is there to be told.
  void go_on(std::function<void()> work);

  /// What comes now waits for others: as many as there are threads wait already. For what is done only when there is
  /// nothing better to do.
  bool busy() const;

 private:
  void serve();

  const std::size_t waiting_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

/// Those of one server.
struct call_pools {
  call_pools();
  call_pool reads;
  call_pool long_calls;
};

}  // namespace quorate::net
