// A call whose answer is a stream: sends message by message, as fast as the caller takes them.
//
// For the services of this folder. Each message is made on one of gRPC's threads, when the one before it is on its
// way; nothing here blocks beyond that. Owns itself: gone when the call is.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "net/status_map.hpp"
#include "proto/status.hpp"

namespace quorate::net {

/// `Source` has `result<bool> next(Message*)`: whether there was one more.
template <class Message, class Source>
class message_stream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit message_stream(Source source) : source_(std::move(source)) { send(); }

  void OnWriteDone(bool ok) override {
    if (ok)
      send();
    else
      this->Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void send() {
    const auto more = source_.next(&message_);
    if (!more) return this->Finish(to_grpc(more.error()));
    if (!*more) return this->Finish(grpc::Status::OK);
    this->StartWrite(&message_);
  }

  Source source_;
  Message message_;
};

/// A stream that ends before it begins.
template <class Message>
class refused_stream final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit refused_stream(const status& why) { this->Finish(to_grpc(why)); }
  void OnDone() override { delete this; }
};

}  // namespace quorate::net
