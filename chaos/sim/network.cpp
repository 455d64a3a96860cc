#include "chaos/sim/network.hpp"

#include <algorithm>

#include "quorate/v1/replication.pb.h"

namespace quorate::sim {

namespace {

constexpr std::int64_t resend_us = 200'000;
constexpr std::int64_t sent_us = 20;

}  // namespace

/// One stream. Lives as long as an end of it or a parcel does.
class network::stream : public std::enable_shared_from_this<stream> {
 public:
  stream(network& n, std::string from, std::string to, std::shared_ptr<net::peer_stream_events> events)
      : opener(std::move(from)), acceptor(std::move(to)), network_(n), events_(std::move(events)) {}

  void open(const v1::Knock& knock) {
    carry(forth_, [knock](stream& s) { s.greet(knock); });
    tell_sent();
  }
  void send(v1::PeerFrame&& frame) {
    if (opener_gone_) return;
    if (!frame.has_hello() && twice(forth_)) carry_frame(v1::PeerFrame(frame));
    carry_frame(std::move(frame));
    tell_sent();
  }
  void answer(v1::PeerAnswer&& answer) {
    if (acceptor_gone_) return;
    if (!answer.has_challenge() && !answer.has_welcome() && twice(back_)) carry_answer(v1::PeerAnswer(answer));
    carry_answer(std::move(answer));
  }

  void close_by_opener() {
    if (std::exchange(opener_gone_, true)) return;
    carry(forth_, [](stream& s) { s.end_accepted(); });
    network_.world_.after(0, [self = shared_from_this()] { self->tell_closed({errc::unavailable, "closed"}); });
  }
  void close_by_acceptor(const status& why) {
    if (std::exchange(acceptor_gone_, true)) return;
    carry(back_, [why](stream& s) { s.tell_closed(why); });
    network_.world_.after(0, [self = shared_from_this()] { self->end_accepted(); });
  }

  /// The stream breaks for both.
  void reset() {
    opener_gone_ = acceptor_gone_ = true;
    forth_.parcels.clear();
    back_.parcels.clear();
    network_.world_.after(0, [self = shared_from_this()] {
      self->end_accepted();
      self->tell_closed({errc::unavailable, "reset"});
    });
  }
  /// The process `name` is gone: nothing is told to it any more, nor taken from it.
  void forget(const std::string& name, bool silent) {
    auto self = shared_from_this();
    if (name == opener) {
      events_.reset();
      if (!std::exchange(opener_gone_, true) && !silent) carry(forth_, [](stream& s) { s.end_accepted(); });
    } else {
      link_.reset();
      if (!std::exchange(acceptor_gone_, true) && !silent)
        carry(back_, [](stream& s) { s.tell_closed({errc::unavailable, "the peer is gone"}); });
    }
  }
  void release() {
    pass(forth_);
    pass(back_);
  }

  const std::string opener;
  const std::string acceptor;

 private:
  struct parcel {
    std::function<void(stream&)> what;
    std::size_t bytes = 0;
  };
  struct lane {
    explicit lane(direction_weather& w) : weather(&w) {}
    direction_weather* const weather;
    std::deque<parcel> parcels;
    std::int64_t last_us = 0;
    std::int64_t free_us = 0;  ///< when all bytes sent so far have left
    std::size_t under_way = 0;
  };

  bool twice(const lane& l) { return l.weather->twice_one_in != 0 && network_.world_.one_in(l.weather->twice_one_in); }
  void carry_frame(v1::PeerFrame&& frame) {
    if (network_.on_the_way) network_.on_the_way(opener, acceptor, frame);
    const auto bytes = frame.ByteSizeLong();
    carry(
        forth_,
        [frame = std::make_shared<v1::PeerFrame>(std::move(frame))](stream& s) {
          if (s.link_) s.link_->on_frame(std::move(*frame));
        },
        bytes);
  }
  void carry_answer(v1::PeerAnswer&& answer) {
    if (network_.on_the_way) network_.on_the_way(acceptor, opener, answer);
    const auto bytes = answer.ByteSizeLong();
    carry(
        back_,
        [answer = std::make_shared<v1::PeerAnswer>(std::move(answer))](stream& s) {
          if (auto events = s.events_) events->on_answer(std::move(*answer));
        },
        bytes);
  }
  void carry(lane& l, std::function<void(stream&)> what, std::size_t bytes = 0) {
    ++network_.parcels;
    l.parcels.push_back({std::move(what), bytes});
    if (!l.weather->cut) dispatch(l);
  }
  void dispatch(lane& l) {
    const auto& w = *l.weather;
    auto& world = network_.world_;
    auto us = world.now_us() + w.latency_us + world.between(0, w.jitter_us);
    if (w.lost_one_in != 0 && world.one_in(w.lost_one_in)) us += resend_us;
    if (w.bytes_per_s != 0 && l.under_way < l.parcels.size()) {
      const auto takes_us = l.parcels[l.under_way].bytes * 1'000'000 / w.bytes_per_s;
      l.free_us = std::max(l.free_us, world.now_us()) + static_cast<std::int64_t>(takes_us);
      us += l.free_us - world.now_us();
    }
    l.last_us = std::max(l.last_us, us);  // in order
    ++l.under_way;
    world.at(l.last_us, [self = shared_from_this(), &l] {
      --l.under_way;
      if (!l.weather->cut) self->take(l);
    });
  }
  void take(lane& l) {
    if (l.parcels.empty()) return;
    auto first = std::move(l.parcels.front());
    l.parcels.pop_front();
    first.what(*this);
  }
  void pass(lane& l) {
    if (l.weather->cut) return;
    for (auto n = l.under_way; n < l.parcels.size(); ++n) dispatch(l);
  }

  void tell_sent() {
    network_.world_.after(sent_us, [self = shared_from_this()] {
      if (auto events = self->events_; events && !self->opener_gone_) events->on_sent();
    });
  }
  void tell_closed(const status& why) {
    if (auto events = std::exchange(events_, nullptr)) events->on_closed(why);
  }
  void end_accepted() {
    acceptor_gone_ = true;
    if (auto link = std::exchange(link_, nullptr)) link->on_closed();
  }
  void greet(const v1::Knock& knock);

  network& network_;
  std::shared_ptr<net::peer_stream_events> events_;  ///< none once on_closed was called
  std::shared_ptr<net::inbound_link> link_;
  bool opener_gone_ = false;
  bool acceptor_gone_ = false;
  lane forth_{network_.weather(opener, acceptor)};
  lane back_{network_.weather(acceptor, opener)};
};

class network::handle final : public net::peer_stream {
 public:
  explicit handle(std::shared_ptr<stream> s) : stream_(std::move(s)) {}
  ~handle() override { stream_->close_by_opener(); }
  void send(v1::PeerFrame&& frame) override { stream_->send(std::move(frame)); }
  void close() override { stream_->close_by_opener(); }

 private:
  std::shared_ptr<stream> stream_;
};

class network::sink final : public net::answer_sink {
 public:
  explicit sink(std::weak_ptr<stream> s) : stream_(std::move(s)) {}
  status send(v1::PeerAnswer&& answer) override {
    if (auto s = stream_.lock()) s->answer(std::move(answer));
    return {};
  }
  void close(const status& why) override {
    if (auto s = stream_.lock()) s->close_by_acceptor(why);
  }

 private:
  std::weak_ptr<stream> stream_;
};

void network::stream::greet(const v1::Knock& knock) {
  if (acceptor_gone_) return;
  const auto found = network_.listeners_.find(acceptor);
  if (found == network_.listeners_.end()) return close_by_acceptor({errc::unavailable, "connection refused"});
  v1::PeerAnswer answer_to_knock;
  auto accepted =
      found->second->accept(knock, true, std::make_shared<sink>(weak_from_this()), answer_to_knock.mutable_challenge());
  if (!accepted) return close_by_acceptor(accepted.error());
  link_ = std::move(*accepted);
  answer(std::move(answer_to_knock));
}

class network::port final : public net::peer_transport {
 public:
  port(network& n, std::string name) : network_(n), name_(std::move(name)) {}
  std::unique_ptr<net::peer_stream> open(const std::string& address, const v1::Knock& knock,
                                         std::shared_ptr<net::peer_stream_events> events) override {
    auto s = std::make_shared<stream>(network_, name_, address, std::move(events));
    std::erase_if(network_.streams_, [](const auto& one) { return one.expired(); });
    network_.streams_.push_back(s);
    s->open(knock);
    return std::make_unique<handle>(std::move(s));
  }

 private:
  network& network_;
  const std::string name_;
};

std::unique_ptr<net::peer_transport> network::transport(const std::string& name) {
  return std::make_unique<port>(*this, name);
}

void network::down(const std::string& name, bool silent) {
  listeners_.erase(name);
  for (const auto& one : streams_)
    if (auto s = one.lock(); s && (s->opener == name || s->acceptor == name)) s->forget(name, silent);
}

void network::release() {
  for (const auto& one : streams_)
    if (auto s = one.lock()) s->release();
}

void network::reset(const std::string& one, const std::string& other) {
  for (const auto& weak : streams_)
    if (auto s = weak.lock();
        s && ((s->opener == one && s->acceptor == other) || (s->opener == other && s->acceptor == one)))
      s->reset();
}

}  // namespace quorate::sim
