#include "net/grpc_transport.hpp"

#include <grpcpp/grpcpp.h>

#include <mutex>

#include "proto/limits.hpp"
#include "quorate/v1/replication.grpc.pb.h"

namespace quorate::net {
namespace {

/// A welcome that names as many logs as there can be takes 5 MB, and answers that wait may have 8.
constexpr std::size_t answer_bytes_max = 16u << 20;
static_assert(answer_bytes_max > limits::answers_waiting_bytes_max);

status from_grpc(const grpc::Status& ended) {
  if (ended.ok()) return {errc::unavailable, "the peer ended the stream"};
  return {errc::unavailable, ended.error_message().empty() ? "the stream broke" : ended.error_message()};
}

/// One outgoing stream. Keeps itself alive until gRPC is done with it.
class outbound final : public grpc::ClientBidiReactor<v1::PeerFrame, v1::PeerAnswer> {
 public:
  outbound(const std::shared_ptr<grpc::Channel>& channel, std::shared_ptr<peer_stream_events> events)
      : stub_(v1::Replication::NewStub(channel)), events_(std::move(events)) {}

  void start(const v1::Knock& knock, std::shared_ptr<outbound> self) {
    self_ = std::move(self);
    *frame_.mutable_knock() = knock;
    stub_->async()->Link(&context_, this);
    // Writes are started from outside reactions; the hold keeps OnDone away until the stream is known to be dead.
    AddHold();
    StartWrite(&frame_);
    StartRead(&answer_);
    StartCall();
  }

  void send(v1::PeerFrame&& frame) {
    std::lock_guard lock(mutex_);
    if (dead_) return;
    frame_ = std::move(frame);
    StartWrite(&frame_);
  }

  void cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      {
        std::lock_guard lock(mutex_);
        dead_ = true;
      }
      RemoveHold();
      return;
    }
    events_->on_answer(std::move(answer_));
    answer_.Clear();
    StartRead(&answer_);
  }

  void OnWriteDone(bool ok) override {
    if (ok) events_->on_sent();
  }

  void OnDone(const grpc::Status& ended) override {
    events_->on_closed(from_grpc(ended));
    auto last = std::move(self_);
  }

 private:
  std::unique_ptr<v1::Replication::Stub> stub_;
  std::shared_ptr<peer_stream_events> events_;
  grpc::ClientContext context_;
  std::mutex mutex_;
  bool dead_ = false;
  v1::PeerFrame frame_;
  v1::PeerAnswer answer_;
  std::shared_ptr<outbound> self_;
};

class outbound_handle final : public peer_stream {
 public:
  explicit outbound_handle(std::shared_ptr<outbound> stream) : stream_(std::move(stream)) {}
  ~outbound_handle() override { stream_->cancel(); }
  void send(v1::PeerFrame&& frame) override { stream_->send(std::move(frame)); }
  void close() override { stream_->cancel(); }

 private:
  std::shared_ptr<outbound> stream_;
};

class grpc_transport final : public peer_transport {
 public:
  std::unique_ptr<peer_stream> open(const std::string& address, const v1::Knock& knock,
                                    std::shared_ptr<peer_stream_events> events) override {
    grpc::ChannelArguments arguments;
    // A channel of its own for every stream: no shared backoff decides when a peer may be called again.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    // Who answers has not proved yet that it is a member.
    arguments.SetMaxReceiveMessageSize(static_cast<int>(answer_bytes_max));
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    // gRPC 1.51 frees its callback queue with the last channel that used it, also when that channel goes in one of the
    // queue's own callbacks, and then uses it once more. So the first channel of the process stays for good.
    static const auto* const anchor = new std::shared_ptr<grpc::Channel>(channel);
    static_cast<void>(anchor);
    auto stream = std::make_shared<outbound>(channel, std::move(events));
    stream->start(knock, stream);
    return std::make_unique<outbound_handle>(std::move(stream));
  }
};

}  // namespace

std::unique_ptr<peer_transport> make_grpc_transport() { return std::make_unique<grpc_transport>(); }

}  // namespace quorate::net
