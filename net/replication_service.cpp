#include "net/replication_service.hpp"

#include <mutex>

#include "net/status_map.hpp"

namespace quorate::net {
namespace {

using reactor_base = grpc::ServerBidiReactor<v1::PeerFrame, v1::PeerAnswer>;

/// Where answers go in. Outlives the reactor; knows when it is gone.
class outlet final : public answer_sink {
 public:
  explicit outlet(reactor_base* reactor) : reactor_(reactor) {}

  void send(v1::PeerAnswer&& answer) override {
    std::lock_guard lock(mutex_);
    if (finished_) return;
    if (writing_) {
      waiting_.MergeFrom(answer);
      has_waiting_ = true;
      return;
    }
    start_write(std::move(answer));
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
  bool writing_ = false;
  bool has_waiting_ = false;
  bool finished_ = false;  ///< Finish was called; the reactor may be gone any moment
  v1::PeerAnswer current_;
  v1::PeerAnswer waiting_;
};

class link_reactor final : public reactor_base {
 public:
  explicit link_reactor(node_api& node) : node_(node), outlet_(std::make_shared<outlet>(this)) { StartRead(&frame_); }

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
    if (!frame_.has_hello()) {
      outlet_->close(status::invalid("hello", "must be the first frame"));
      return false;
    }
    auto accepted = node_.accept(frame_.hello(), outlet_, answer.mutable_welcome());
    if (!accepted) {
      outlet_->close(accepted.error());
      return false;
    }
    link_ = std::move(*accepted);
    outlet_->send(std::move(answer));
    return true;
  }

  node_api& node_;
  std::shared_ptr<outlet> outlet_;
  std::shared_ptr<inbound_link> link_;
  v1::PeerFrame frame_;
};

}  // namespace

reactor_base* replication_service::Link(grpc::CallbackServerContext*) { return new link_reactor(node_); }

}  // namespace quorate::net
