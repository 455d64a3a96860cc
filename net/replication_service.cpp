#include "net/replication_service.hpp"

#include <mutex>
#include <string_view>

#include "net/status_map.hpp"
#include "proto/limits.hpp"

namespace quorate::net {
namespace {

using reactor_base = grpc::ServerBidiReactor<v1::PeerFrame, v1::PeerAnswer>;

/// Where answers go in. Outlives the reactor; knows when it is gone.
class outlet final : public answer_sink {
 public:
  outlet(reactor_base* reactor, grpc::CallbackServerContext* call) : reactor_(reactor), call_(call) {}

  status send(v1::PeerAnswer&& answer) override {
    {
      std::lock_guard lock(mutex_);
      if (finished_) return {};
      if (!writing_) {
        start_write(std::move(answer));
        return {};
      }
      waiting_bytes_ += answer.ByteSizeLong();
      if (waiting_bytes_ <= limits::answers_waiting_bytes_max) {
        waiting_.MergeFrom(answer);
        has_waiting_ = true;
        return {};
      }
      finished_ = true;
      waiting_ = v1::PeerAnswer();  // Clear() would keep the memory
    }
    const status why{errc::overloaded, "it does not read what it is answered"};
    // Cancelled, too: a status waits behind the answers that are not read, and they would be kept for as long. Nobody
    // else finishes the call any more, so it lives until the second line; without the lock, because gRPC may tell of
    // the first on this thread.
    call_->TryCancel();
    reactor_->Finish(to_grpc(why));
    return why;
  }

  void close(const status& why) override { finish(to_grpc(why)); }

  void finish(const grpc::Status& status) {
    std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) return;
    reactor_->Finish(status);
  }

  void on_write_done(bool ok) {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok || finished_ || !has_waiting_) return;
    has_waiting_ = false;
    waiting_bytes_ = 0;
    start_write(std::exchange(waiting_, {}));
  }

  /// Runs `read` unless the stream is finished; nothing may be started after Finish.
  template <class Start>
  void unless_finished(Start start) {
    std::lock_guard lock(mutex_);
    if (!finished_) start();
  }

 private:
  void start_write(v1::PeerAnswer&& answer) {
    writing_ = true;
    current_ = std::move(answer);
    reactor_->StartWrite(&current_);
  }

  std::mutex mutex_;
  reactor_base* reactor_;
  grpc::CallbackServerContext* call_;
  bool writing_ = false;
  bool has_waiting_ = false;
  std::size_t waiting_bytes_ = 0;
  bool finished_ = false;  ///< Finish was called; the reactor may be gone any moment
  v1::PeerAnswer current_;
  v1::PeerAnswer waiting_;
};

/// Whether a call comes from this machine, by gRPC's name of its other end.
bool is_local(std::string_view peer) {
  for (const std::string_view local :
       {"ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "ipv6:[::ffff:127.", "ipv6:%5B::ffff:127.", "unix:", "inproc"})
    if (peer.starts_with(local)) return true;
  return false;
}

class link_reactor final : public reactor_base {
 public:
  link_reactor(node_api& node, grpc::CallbackServerContext* call)
      : node_(node), local_(is_local(call->peer())), outlet_(std::make_shared<outlet>(this, call)) {
    StartRead(&frame_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return outlet_->finish(grpc::Status::OK);
    if (link_)
      link_->on_frame(std::move(frame_));
    else if (!greet())
      return;
    frame_.Clear();
    outlet_->unless_finished([this] { StartRead(&frame_); });
  }
  void OnWriteDone(bool ok) override { outlet_->on_write_done(ok); }
  void OnCancel() override { outlet_->finish(grpc::Status::CANCELLED); }
  void OnDone() override {
    if (link_) link_->on_closed();
    delete this;
  }

 private:
  bool greet() {
    v1::PeerAnswer answer;
    if (!frame_.has_knock()) {
      outlet_->close(status::invalid("knock", "must be the first frame"));
      return false;
    }
    auto accepted = node_.accept(frame_.knock(), local_, outlet_, answer.mutable_challenge());
    if (!accepted) {
      outlet_->close(accepted.error());
      return false;
    }
    link_ = std::move(*accepted);
    static_cast<void>(outlet_->send(std::move(answer)));  // the first one fits
    return true;
  }

  node_api& node_;
  const bool local_;
  std::shared_ptr<outlet> outlet_;
  std::shared_ptr<inbound_link> link_;
  v1::PeerFrame frame_;
};

}  // namespace

reactor_base* replication_service::Link(grpc::CallbackServerContext* call) { return new link_reactor(node_, call); }

}  // namespace quorate::net
