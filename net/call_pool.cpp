#include "net/call_pool.hpp"

#include <algorithm>
#include <exception>

#include "net/status_map.hpp"
#include "proto/limits.hpp"

namespace quorate::net {
namespace {

// Reads wait for the disk as much as they compute.
constexpr std::size_t read_threads_a_core = 2;
constexpr std::size_t read_threads_max = 32;

// Calls that look at all records, or change many. Few at once, for each reads as fast as the disk goes.
constexpr std::size_t long_calls_at_once = 2;
constexpr std::size_t waiting_long_calls_max = 8;

std::size_t read_threads() {
  return std::clamp<std::size_t>(read_threads_a_core * std::thread::hardware_concurrency(), limits::read_threads,
                                 read_threads_max);
}

}  // namespace

call_pools::call_pools()
    : reads(read_threads(), limits::waiting_reads_max), long_calls(long_calls_at_once, waiting_long_calls_max) {}

call_pool::call_pool(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

call_pool::~call_pool() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

status call_pool::admit() const {
  std::lock_guard lock(mutex_);
  if (waiting_.size() < waiting_max_) return {};
  return {errc::overloaded, "too many calls of this kind are waiting; try again later"};
}

grpc::ServerUnaryReactor* call_pool::run(grpc::CallbackServerContext* call, std::function<status()> work) {
  auto* reactor = call->DefaultReactor();
  if (auto admitted = admit(); !admitted)
    reactor->Finish(to_grpc(admitted));
  else
    go_on(reactor, std::move(work));
  return reactor;
}

void call_pool::go_on(grpc::ServerUnaryReactor* reactor, std::function<status()> work) {
  hand_on(reactor, [work = std::move(work)](grpc::ServerUnaryReactor*) { return work(); });
}

void call_pool::hand_on(grpc::ServerUnaryReactor* reactor,
                        std::function<std::optional<status>(grpc::ServerUnaryReactor*)> work) {
  go_on([reactor, work = std::move(work)] {
    std::optional<status> end;
    try {
      end = work(reactor);
    } catch (const std::exception& e) {
      end = status(errc::internal, e.what());
    }
    if (end) reactor->Finish(end->ok() ? grpc::Status::OK : to_grpc(*end));
  });
}

void call_pool::go_on(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(work));
  wake_.notify_one();
}

bool call_pool::busy() const {
  std::lock_guard lock(mutex_);
  return waiting_.size() >= threads_.size();
}

void call_pool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      next();
    }
    lock.lock();
  }
}

}  // namespace quorate::net
