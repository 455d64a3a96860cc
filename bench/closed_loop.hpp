// A closed loop of asynchronous unary puts over gRPC's callback API: `concurrency` calls are outstanding, each answer
// starts the next call, every call writes a new key. Two channels per member, calls round robin.
//
// `Api` names the service: Stub, Request, Reply, `fill`, `put`. Runs on gRPC's threads; `run` blocks its caller and
// returns when no call is outstanding.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/figures.hpp"
#include "bench/load.hpp"
#include "chaos/process.hpp"

namespace quorate::bench {

inline constexpr unsigned channels_per_member = 2;
inline constexpr std::chrono::seconds call_deadline(5);

inline std::shared_ptr<grpc::Channel> make_load_channel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
  // The minimal stack leaves out the filter that ends a call at its deadline, unless it is asked for.
  arguments.SetInt(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

template <class Api>
class closed_loop {
 public:
  closed_loop(const std::vector<std::string>& addresses, const load_options& options)
      : options_(options), all_done_(static_cast<std::ptrdiff_t>(options.concurrency)) {
    for (unsigned i = 0; i < channels_per_member; ++i) {
      for (std::size_t member = 0; member < addresses.size(); ++member) {
        if (options.entry && *options.entry != member) continue;
        stubs_.push_back(Api::make_stub(make_load_channel(addresses[member])));
      }
    }
    value_.assign(options.value_bytes, 'v');
    for (unsigned i = 0; i < options.concurrency; ++i) slots_.push_back(std::make_unique<slot>(*this));
  }

  load_result run() {
    for (auto& one : slots_) one->next();
    std::this_thread::sleep_for(options_.warm_up);
    const auto cpu_before = cpu_us();
    const auto machine_before = read_machine_time();
    const auto start = clock::now();
    measuring_ = true;
    std::this_thread::sleep_for(options_.measured);
    measuring_ = false;
    const std::chrono::duration<double> seconds = clock::now() - start;
    const auto machine_after = read_machine_time();
    const auto cpu_after = cpu_us();
    stopping_ = true;
    all_done_.wait();
    return sum_up(seconds.count(), static_cast<double>(cpu_after - cpu_before), machine_before, machine_after);
  }

 private:
  using clock = std::chrono::steady_clock;

  class slot {
   public:
    explicit slot(closed_loop& owner) : owner_(owner) { took_ms.reserve(1 << 14); }

    void next() {
      const auto number = owner_.numbers_++;
      context_.emplace();
      context_->set_deadline(std::chrono::system_clock::now() + call_deadline);
      Api::fill(request_, owner_.options_.key_prefix + std::to_string(number), owner_.value_);
      start_ = clock::now();
      Api::put(*owner_.stubs_[number % owner_.stubs_.size()], &*context_, &request_, &reply_,
               [this](const grpc::Status& answer) { done(answer); });
    }

    std::vector<double> took_ms;
    std::uint64_t failures = 0;

   private:
    void done(const grpc::Status& answer) {
      if (!answer.ok()) {
        ++failures;
        owner_.note(answer);
      } else if (owner_.measuring_.load(std::memory_order_relaxed)) {
        took_ms.push_back(std::chrono::duration<double, std::milli>(clock::now() - start_).count());
      }
      if (owner_.stopping_.load(std::memory_order_relaxed)) {
        owner_.all_done_.count_down();
      } else {
        next();
      }
    }

    closed_loop& owner_;
    std::optional<grpc::ClientContext> context_;
    typename Api::Request request_;
    typename Api::Reply reply_;
    clock::time_point start_;
  };

  std::int64_t cpu_us() const {
    std::int64_t sum = own_cpu_us();
    for (const auto pid : options_.members) sum += chaos::cpu_us_of(pid);
    return sum;
  }

  void note(const grpc::Status& answer) {
    std::lock_guard lock(mutex_);
    if (first_failure_.empty())
      first_failure_ = "code " + std::to_string(answer.error_code()) + " " + answer.error_message();
  }

  load_result sum_up(double seconds, double cpu, const machine_time& before, const machine_time& after) {
    load_result sum;
    std::vector<double> took;
    for (const auto& one : slots_) {
      took.insert(took.end(), one->took_ms.begin(), one->took_ms.end());
      sum.failures += one->failures;
    }
    sum.first_failure = first_failure_;
    sum.writes = took.size();
    sum.writes_per_second = static_cast<double>(sum.writes) / seconds;
    sum.p50_ms = percentile(took, 0.5);
    sum.p99_ms = percentile(std::move(took), 0.99);
    if (sum.writes > 0) sum.cpu_us_per_write = cpu / static_cast<double>(sum.writes);
    if (const auto all = static_cast<double>(after.all - before.all); all > 0) {
      sum.foreign_share = std::max(0.0, static_cast<double>(after.busy - before.busy) - cpu) / all;
      sum.stolen_share = static_cast<double>(after.stolen - before.stolen) / all;
    }
    return sum;
  }

  const load_options& options_;
  std::vector<std::unique_ptr<typename Api::Stub>> stubs_;
  std::string value_;
  std::atomic<std::uint64_t> numbers_ = 0;
  std::atomic<bool> measuring_ = false;
  std::atomic<bool> stopping_ = false;
  std::latch all_done_;
  std::mutex mutex_;
  std::string first_failure_;
  std::vector<std::unique_ptr<slot>> slots_;
};

/// Blocking puts to any member over channels of its own that try a dead member again soon.
template <class Api>
class blocking_writer {
 public:
  explicit blocking_writer(const std::vector<std::string>& addresses) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
    for (const auto& address : addresses)
      stubs_.push_back(
          Api::make_stub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }

  bool put(std::size_t member, const std::string& key, const std::string& value, std::chrono::milliseconds deadline) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    typename Api::Request request;
    typename Api::Reply reply;
    Api::fill(request, key, value);
    return Api::put_blocking(*stubs_[member], &context, request, &reply).ok();
  }

 private:
  std::vector<std::unique_ptr<typename Api::Stub>> stubs_;
};

}  // namespace quorate::bench
