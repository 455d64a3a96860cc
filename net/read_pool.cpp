#include "net/read_pool.hpp"

#include <exception>

#include "net/status_map.hpp"
#include "proto/limits.hpp"

namespace quorate::net {

read_pool::read_pool() {
  for (std::size_t i = 0; i < limits::read_threads; ++i) threads_.emplace_back([this] { serve(); });
}

read_pool::~read_pool() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

grpc::ServerUnaryReactor* read_pool::run(grpc::CallbackServerContext* call, std::function<status()> work) {
  return run_first(call, [work = std::move(work)](grpc::ServerUnaryReactor*) { return work(); });
}

grpc::ServerUnaryReactor* read_pool::run_first(grpc::CallbackServerContext* call,
                                               std::function<std::optional<status>(grpc::ServerUnaryReactor*)> work) {
  auto* reactor = call->DefaultReactor();
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() < limits::waiting_reads_max) {
      waiting_.push_back({reactor, std::move(work)});
      wake_.notify_one();
      return reactor;
    }
  }
  reactor->Finish(to_grpc(status(errc::overloaded, "too many reads are waiting")));
  return reactor;
}

void read_pool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::optional<status> end;
    try {
      end = next.work(next.reactor);
    } catch (const std::exception& e) {
      end = status(errc::internal, e.what());
    }
    if (end) next.reactor->Finish(end->ok() ? grpc::Status::OK : to_grpc(*end));
    lock.lock();
  }
}

}  // namespace quorate::net
