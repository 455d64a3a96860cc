#include "tests/support/loopback_transport.hpp"

#include <condition_variable>
#include <future>
#include <thread>

#include "quorate/v1/replication.pb.h"

namespace quorate::testing {

/// Runs what is posted, in order, on its own thread. What is left at the end is dropped.
class loopback_network::lane {
 public:
  lane() : thread_([this] { run(); }) {}
  ~lane() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    posted_.notify_one();
    thread_.join();
  }

  void post(std::function<void()> task) {
    {
      std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (stopping_) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

/// One stream: the opener's end (its events) and the acceptor's end (its inbound link), which close apart.
class loopback_network::stream : public std::enable_shared_from_this<stream> {
 public:
  stream(loopback_network& network, std::string from, std::string to, std::shared_ptr<net::peer_stream_events> events)
      : opener(std::move(from)), acceptor(std::move(to)), network_(network), events_(std::move(events)) {}

  void open(const v1::Knock& knock);
  void send(v1::PeerFrame&& frame);
  void answer(v1::PeerAnswer&& answer);
  void close_by_opener();
  void close_by_acceptor(const status& why);
  /// The opener is told, once; on any thread.
  void tell_closed(const status& why);
  /// The acceptor is told, once; on its lane.
  void end_accepted();

  const std::string opener;
  const std::string acceptor;

 private:
  void greet(const v1::Knock& knock);
  void carry(v1::PeerFrame&& frame);
  void tell_sent();
  /// Calls the owner's events, one call at a time, unless it was told that the stream is over.
  template <class Call>
  void tell(Call call) {
    std::lock_guard lock(events_mutex_);
    if (auto events = events_) call(*events);
  }

  loopback_network& network_;
  std::recursive_mutex events_mutex_;                ///< an event may close or destroy its stream
  std::shared_ptr<net::peer_stream_events> events_;  ///< none once on_closed was called
  std::shared_ptr<net::inbound_link> link_;          ///< on the acceptor's lane only
  bool accepted_over_ = false;                       ///< likewise
  std::atomic<bool> opener_closed_{false};
  std::atomic<bool> acceptor_closed_{false};
  std::atomic<bool> writable_{false};
};

class loopback_network::handle final : public net::peer_stream {
 public:
  explicit handle(std::shared_ptr<stream> opened) : stream_(std::move(opened)) {}
  ~handle() override { stream_->close_by_opener(); }
  void send(v1::PeerFrame&& frame) override { stream_->send(std::move(frame)); }
  void close() override { stream_->close_by_opener(); }

 private:
  std::shared_ptr<stream> stream_;
};

class loopback_network::sink final : public net::answer_sink {
 public:
  explicit sink(std::shared_ptr<stream> accepted) : stream_(std::move(accepted)) {}
  status send(v1::PeerAnswer&& answer) override {
    stream_->answer(std::move(answer));
    return {};
  }
  void close(const status& why) override { stream_->close_by_acceptor(why); }

 private:
  std::shared_ptr<stream> stream_;
};

class loopback_network::port final : public net::peer_transport {
 public:
  port(loopback_network& network, std::string name) : network_(network), name_(std::move(name)) {}
  std::unique_ptr<net::peer_stream> open(const std::string& address, const v1::Knock& knock,
                                         std::shared_ptr<net::peer_stream_events> events) override {
    auto opened = std::make_shared<stream>(network_, name_, address, std::move(events));
    {
      std::lock_guard lock(network_.mutex_);
      std::erase_if(network_.streams_, [](const auto& s) { return s.expired(); });
      network_.streams_.push_back(opened);
    }
    opened->open(knock);
    return std::make_unique<handle>(std::move(opened));
  }

 private:
  loopback_network& network_;
  const std::string name_;
};

// -- stream ------------------------------------------------------------------------------------------------------

void loopback_network::stream::open(const v1::Knock& knock) {
  bool refused = false;
  {
    std::lock_guard lock(network_.mutex_);
    refused = network_.directions_[{opener, acceptor}].severed;
  }
  if (refused) {
    network_.post(opener, [self = shared_from_this()] {
      self->tell_closed({errc::unavailable, "refused by " + self->acceptor});
    });
    return;
  }
  network_.travel(opener, acceptor, {[self = shared_from_this(), knock] { self->greet(knock); }});
  tell_sent();
}

void loopback_network::stream::tell_sent() {
  network_.post(opener, [self = shared_from_this()] {
    self->writable_ = true;
    self->tell([](auto& events) { events.on_sent(); });
  });
}

void loopback_network::stream::greet(const v1::Knock& knock) {
  if (accepted_over_) return;
  auto* node = network_.listener(acceptor);
  if (!node) return close_by_acceptor({errc::unavailable, "nobody listens as " + acceptor});
  v1::PeerAnswer challenge;
  auto accepted = node->accept(knock, true, std::make_shared<sink>(shared_from_this()), challenge.mutable_challenge());
  if (!accepted) return close_by_acceptor(accepted.error());
  link_ = std::move(*accepted);
  answer(std::move(challenge));
}

void loopback_network::stream::send(v1::PeerFrame&& frame) {
  if (!writable_.exchange(false)) ++network_.contract_breaches_;
  if (!opener_closed_) {
    if (frame.entries_size() > 0 && network_.holds_entries(opener, acceptor)) {
      v1::PeerFrame entries;
      entries.mutable_entries()->Swap(frame.mutable_entries());
      entries.set_uncounted(frame.uncounted());
      if (frame.has_heartbeat() || frame.questions_size() > 0 || frame.write_backs_size() > 0) carry(std::move(frame));
      frame = std::move(entries);
    }
    carry(std::move(frame));
  }
  tell_sent();
}

void loopback_network::stream::carry(v1::PeerFrame&& frame) {
  std::size_t bytes = 0;
  for (const auto& e : frame.entries()) bytes += e.size();
  auto shared = std::make_shared<const v1::PeerFrame>(std::move(frame));
  network_.travel(opener, acceptor,
                  {[self = shared_from_this(), shared] {
                     if (self->link_) self->link_->on_frame(v1::PeerFrame(*shared));
                   },
                   bytes, bytes != 0});
}

void loopback_network::stream::answer(v1::PeerAnswer&& answer) {
  if (acceptor_closed_) return;
  auto shared = std::make_shared<const v1::PeerAnswer>(std::move(answer));
  network_.travel(acceptor, opener,
                  {[self = shared_from_this(), shared] {
                     self->tell([&](auto& events) { events.on_answer(v1::PeerAnswer(*shared)); });
                   },
                   0, !shared->has_challenge() && !shared->has_welcome()});
}

void loopback_network::stream::close_by_opener() {
  if (opener_closed_.exchange(true)) return;
  network_.travel(opener, acceptor, {[self = shared_from_this()] { self->end_accepted(); }});
  const status why(errc::unavailable, "closed by its owner");
  if (network_.late_closing)
    network_.post(opener, [self = shared_from_this(), why] { self->tell_closed(why); });
  else
    tell_closed(why);
}

void loopback_network::stream::close_by_acceptor(const status& why) {
  if (acceptor_closed_.exchange(true)) return;
  network_.post(acceptor, [self = shared_from_this()] { self->end_accepted(); });
  network_.travel(acceptor, opener, {[self = shared_from_this(), why] { self->tell_closed(why); }});
}

void loopback_network::stream::tell_closed(const status& why) {
  std::lock_guard lock(events_mutex_);
  if (auto events = std::exchange(events_, nullptr)) events->on_closed(why);
}

void loopback_network::stream::end_accepted() {
  accepted_over_ = true;
  acceptor_closed_ = true;
  if (auto link = std::exchange(link_, nullptr)) link->on_closed();
}

// -- network -----------------------------------------------------------------------------------------------------

loopback_network::loopback_network() = default;

loopback_network::~loopback_network() {
  std::map<std::string, std::unique_ptr<lane>> lanes;
  {
    std::lock_guard lock(mutex_);
    lanes.swap(lanes_);
  }
  lanes.clear();
  for (const auto& s : streams_)
    if (auto alive = s.lock()) alive->end_accepted();
}

std::unique_ptr<net::peer_transport> loopback_network::transport(const std::string& name) {
  return std::make_unique<port>(*this, name);
}

void loopback_network::listen(const std::string& name, net::node_api& node) {
  std::lock_guard lock(mutex_);
  listeners_[name] = &node;
}

void loopback_network::stop_listening(const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    listeners_.erase(name);
  }
  std::promise<void> done;
  post(name, [&] {
    for (const auto& s : streams_of(name))
      if (s->acceptor == name) s->close_by_acceptor({errc::unavailable, name + " is gone"});
    post(name, [&done] { done.set_value(); });
  });
  done.get_future().wait();
}

void loopback_network::set(const std::string& from, const std::string& to, const weather& now) {
  std::lock_guard lock(mutex_);
  auto& d = directions_[{from, to}];
  d.now = now;
  if (now.hold) return;
  std::deque<parcel> waiting;
  waiting.swap(d.held);
  d.counted.held = d.counted.held_entry_bytes = 0;
  for (auto& p : waiting) {
    if (now.hold_entries && p.entry_bytes != 0) {
      ++d.counted.held;
      d.counted.held_entry_bytes += p.entry_bytes;
      d.held.push_back(std::move(p));
    } else {
      pass(d, to, std::move(p));
    }
  }
  for (; !d.late.empty() && now.reorder_every == 0; d.late.pop_front())
    lane_of(to).post(std::move(d.late.front().deliver));
}

void loopback_network::set_both(const std::string& one, const std::string& other, const weather& now) {
  set(one, other, now);
  set(other, one, now);
}

void loopback_network::sever(const std::string& one, const std::string& other) {
  {
    std::lock_guard lock(mutex_);
    directions_[{one, other}].severed = directions_[{other, one}].severed = true;
  }
  for (const auto& s : streams_of(one)) {
    if (s->opener != other && s->acceptor != other) continue;
    post(s->opener, [s] { s->tell_closed({errc::unavailable, "severed"}); });
    post(s->acceptor, [s] { s->end_accepted(); });
  }
}

void loopback_network::mend(const std::string& one, const std::string& other) {
  std::lock_guard lock(mutex_);
  directions_[{one, other}].severed = directions_[{other, one}].severed = false;
}

traffic loopback_network::seen(const std::string& from, const std::string& to) const {
  std::lock_guard lock(mutex_);
  auto found = directions_.find({from, to});
  return found == directions_.end() ? traffic{} : found->second.counted;
}

void loopback_network::travel(const std::string& from, const std::string& to, parcel&& p) {
  std::lock_guard lock(mutex_);
  auto& d = directions_[{from, to}];
  if (p.entry_bytes != 0) ++d.counted.entry_frames;
  const bool dropped = p.entry_bytes != 0 && d.now.drop_every != 0 && d.counted.entry_frames % d.now.drop_every == 0;
  if (d.now.cut || d.severed || dropped) {
    ++d.counted.lost;
  } else if (d.now.hold || (d.now.hold_entries && p.entry_bytes != 0)) {
    ++d.counted.held;
    d.counted.held_entry_bytes += p.entry_bytes;
    d.held.push_back(std::move(p));
  } else {
    pass(d, to, std::move(p));
  }
}

void loopback_network::pass(direction& d, const std::string& to, parcel&& p) {
  auto& there = lane_of(to);
  if (p.entry_bytes != 0 && d.now.reorder_every != 0 && ++d.reorderables % d.now.reorder_every == 0 && d.late.empty()) {
    ++d.counted.reordered;
    d.late.push_back(std::move(p));
    return;
  }
  if (p.repeatable && d.now.duplicate_every != 0 && ++d.repeatables % d.now.duplicate_every == 0) {
    ++d.counted.duplicated;
    there.post(p.deliver);
  }
  there.post(std::move(p.deliver));
  for (; !d.late.empty(); d.late.pop_front()) there.post(std::move(d.late.front().deliver));
}

loopback_network::lane& loopback_network::lane_of(const std::string& name) {
  auto& found = lanes_[name];
  if (!found) found = std::make_unique<lane>();
  return *found;
}

void loopback_network::post(const std::string& name, std::function<void()> task) {
  std::lock_guard lock(mutex_);
  lane_of(name).post(std::move(task));
}

bool loopback_network::holds_entries(const std::string& from, const std::string& to) const {
  std::lock_guard lock(mutex_);
  auto found = directions_.find({from, to});
  return found != directions_.end() && found->second.now.hold_entries;
}

net::node_api* loopback_network::listener(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = listeners_.find(name);
  return found == listeners_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<loopback_network::stream>> loopback_network::streams_of(const std::string& name) const {
  std::vector<std::shared_ptr<stream>> found;
  std::lock_guard lock(mutex_);
  for (const auto& s : streams_)
    if (auto alive = s.lock(); alive && (alive->opener == name || alive->acceptor == name))
      found.push_back(std::move(alive));
  return found;
}

}  // namespace quorate::testing
