// A call whose answer is a stream: sends message by message, as fast as the caller takes them.
//
// For the services of this folder. Each message is made on a thread of a pool, when the one before it is on its way.
// Owns itself: gone when the call is. What it reads from may hold much (an
// instant of the store keeps all that was there then), so a caller that takes nothing for limits::stream_patience_ms
// is given up: the source is let go at once, and the call ends with errc::deadline_exceeded once the caller reads on.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "net/call_pool.hpp"
#include "net/status_map.hpp"
#include "proto/limits.hpp"
#include "proto/status.hpp"

namespace quorate::net {

/// `Source` has `result<bool> next(Message*)`: whether there was one more.
template <class Message, class Source>
class message_stream final : public grpc::ServerWriteReactor<Message> {
 public:
  /// `readers` outlives it.
  message_stream(Source source, call_pool& readers, std::int64_t patience_ms = limits::stream_patience_ms)
      : readers_(readers), patience_ms_(patience_ms), source_(std::move(source)) {
    if (auto admitted = readers_.admit(); !admitted)
      this->Finish(to_grpc(admitted));
    else
      go_on();
  }

  void OnWriteDone(bool ok) override {
    if (!delivery_->decide()) return;  // given up, and finished
    if (ok)
      go_on();
    else
      this->Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  /// One message on its way: it is taken, or given up. Whoever decides has the stream for himself, which is not
  /// finished and so still there.
  class delivery {
   public:
    bool decide() {
      const std::lock_guard lock(mutex_);
      return !std::exchange(decided_, true);
    }
    std::unique_lock<std::mutex> hold() { return std::unique_lock(mutex_); }

   private:
    std::mutex mutex_;
    bool decided_ = false;
  };

  // Until the stream is finished it stays, so whoever makes a message has it for himself.
  void go_on() {
    readers_.go_on([this] { send(); });
  }

  result<bool> next() {
    try {
      return source_->next(&message_);
    } catch (const std::exception& e) {
      return status(errc::internal, e.what());
    }
  }

  void send() {
    const auto more = next();
    if (!more) return this->Finish(to_grpc(more.error()));
    if (!*more) return this->Finish(grpc::Status::OK);
    delivery_ = std::make_shared<delivery>();
    const auto held = delivery_->hold();  // not given up before it is on its way
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(std::chrono::system_clock::now() + std::chrono::milliseconds(patience_ms_),
                [this, one = delivery_](bool late) {
                  if (late && one->decide()) give_up();
                });
    this->StartWrite(&message_);
  }

  void give_up() {
    source_.reset();
    this->Finish(
        to_grpc({errc::deadline_exceeded, "what was sent was not taken within " + std::to_string(patience_ms_ / 1000)
                                              + " s, and what it was read from is let go; ask again"}));
  }

  call_pool& readers_;
  const std::int64_t patience_ms_;
  std::optional<Source> source_;
  Message message_;
  std::shared_ptr<delivery> delivery_;
  std::unique_ptr<grpc::Alarm> alarm_;  ///< of this delivery
};

/// A stream that ends before it begins.
template <class Message>
class refused_stream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit refused_stream(const status& why) { this->Finish(to_grpc(why)); }
  void OnDone() override { delete this; }
};

}  // namespace quorate::net
