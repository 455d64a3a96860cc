#include "chaos/workload.hpp"

#include <random>
#include <utility>

namespace quorate::chaos {
namespace {

constexpr unsigned rounds_max = 3;  // over all endpoints, before a write is given up
constexpr std::chrono::milliseconds round_pause(20);

/// Whether another node may do better.
bool worth_another_node(const grpc::Status& answer) {
  switch (answer.error_code()) {
    case grpc::UNAVAILABLE:
    case grpc::DEADLINE_EXCEEDED:
    case grpc::RESOURCE_EXHAUSTED:
    case grpc::CANCELLED:
    case grpc::UNKNOWN:
    case grpc::INTERNAL: return true;
    default: return false;
  }
}

std::string text_of_size(std::mt19937_64& random, std::size_t bytes) {
  static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz      ";
  std::string text;
  text.reserve(bytes);
  while (text.size() < bytes) {
    auto bits = random();
    for (int i = 0; i < 12 && text.size() < bytes; ++i, bits >>= 5) text += alphabet[bits & 31];
  }
  return text;
}

}  // namespace

class workload::writer {
 public:
  writer(workload& owner, unsigned number)
      : owner_(owner), options_(owner.options_), number_(number), random_(options_.seed * 1'000 + number) {
    for (const auto& endpoint : options_.endpoints) nodes_.push_back(std::make_unique<node_client>(endpoint));
    at_ = options_.first_endpoint ? 0 : number % nodes_.size();
  }

  void run() {
    while (!owner_.stopping_ && (options_.writes == 0 || owner_.tickets_++ < options_.writes)) {
      const double draw = std::uniform_real_distribution<double>(0, 1)(random_);
      const bool old_key = !titles_.empty() && draw < options_.overwrites + options_.deletes;
      const auto title = old_key ? old_title() : new_title();
      if (old_key && draw < options_.deletes) {
        remove(title);
      } else if (store(title) == ending::acknowledged_late && chance(options_.second_thoughts)) {
        remove(title);
      }
      if (options_.pause.count() > 0) std::this_thread::sleep_for(options_.pause);
    }
  }

 private:
  /// Of a write, over all its calls.
  enum class ending : std::uint8_t { acknowledged, acknowledged_late, other };

  struct told {
    grpc::Status answer;
    std::string id;
    v1::Version version;  ///< when it is OK
  };

  static decltype(write_event::stamp) stamp_of(const grpc::Status& answer, const v1::Version& version) {
    const auto failure = write_failure_of(answer);
    const auto& stamped = failure ? failure->version() : version;
    if (stamped.time() == 0) return std::nullopt;
    return std::pair<std::uint64_t, std::uint64_t>(stamped.time(), stamped.node());
  }

  bool chance(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }

  std::string new_title() {
    const auto record = records_++;
    auto title = "writer " + std::to_string(number_) + " record " + std::to_string(record);
    // Every other one is written once: what was lost must not be hidden by what is written later.
    if (record % 2 == 0) titles_.push_back(title);
    return title;
  }

  const std::string& old_title() {
    return titles_[std::uniform_int_distribution<std::size_t>(0, titles_.size() - 1)(random_)];
  }

  ending store(const std::string& title) {
    v1::StoreRequest request;
    auto& record = *request.mutable_memory();
    record.set_namespace_(options_.name_space);
    record.set_title(title);
    record.set_content(text_of_size(random_, options_.content_bytes));
    record.set_source("chaos");
    record.set_tier(v1::TIER_LONG);
    write_event event;
    event.key = key_of(options_.name_space, title);
    event.content_hash = hash_of(record.content());
    v1::StoreReply reply;
    return send(title, event, [&](node_client& node) {
      const auto answer = node.store(request, &reply, options_.call_deadline);
      return told{answer, answer.ok() ? reply.id() : "", reply.version()};
    });
  }

  void remove(const std::string& title) {
    v1::DeleteRequest request;
    request.mutable_name()->set_namespace_(options_.name_space);
    request.mutable_name()->set_title(title);
    write_event event;
    event.key = key_of(options_.name_space, title);
    event.deleted = true;
    v1::DeleteReply reply;
    send(title, event, [&](node_client& node) {
      const auto answer = node.remove(request, &reply, options_.call_deadline);
      return told{answer, answer.ok() ? reply.id() : "", reply.version()};
    });
  }

  /// Every attempt is an event of its own: what a failed one did may surface beside what a later one did.
  template <class Call>
  ending send(const std::string& title, const write_event& write, Call call) {
    bool late = false;
    for (unsigned round = 0; round < rounds_max; ++round) {
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        auto event = write;
        event.node = at_;
        event.start_us = steady_us();
        ++owner_.in_flight_;
        const auto [answer, id, version] = call(*nodes_[at_]);
        --owner_.in_flight_;
        event.end_us = steady_us();
        event.outcome = outcome_of(answer);
        event.id = id;
        event.stamp = stamp_of(answer, version);
        owner_.record_overdue((event.end_us - event.start_us) / 1'000 - options_.call_deadline.count());
        const auto outcome = event.outcome;
        owner_.history_.add(std::move(event));
        if (answer.ok()) {
          ++owner_.done_;
          return late ? ending::acknowledged_late : ending::acknowledged;
        }
        if (!worth_another_node(answer)) {
          // A record that is gone already need not be deleted.
          if (!write.deleted || answer.error_code() != grpc::NOT_FOUND) ++owner_.failed_;
          return ending::other;
        }
        late = late || outcome == write_outcome::indeterminate;
        at_ = (at_ + 1) % nodes_.size();
        if (chance(options_.give_up)) {
          std::erase(titles_, title);  // what became of it stays to be seen
          return ending::other;
        }
      }
      if (owner_.stopping_) return ending::other;
      std::this_thread::sleep_for(round_pause);
    }
    ++owner_.failed_;
    return ending::other;
  }

  workload& owner_;
  const workload_options& options_;
  const unsigned number_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<node_client>> nodes_;
  std::size_t at_ = 0;
  std::uint64_t records_ = 0;
  std::vector<std::string> titles_;  ///< of those that may be written again
};

workload::workload(workload_options options) : options_(std::move(options)) {}

workload::~workload() { stop(); }

void workload::start() {
  for (unsigned i = 0; i < options_.writers; ++i) {
    threads_.emplace_back([this, i] { writer(*this, i).run(); });
  }
}

void workload::stop() {
  stopping_ = true;
  join();
}

void workload::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void workload::record_overdue(std::int64_t milliseconds) {
  auto seen = overdue_ms_.load();
  while (milliseconds > seen && !overdue_ms_.compare_exchange_weak(seen, milliseconds)) {
  }
}

}  // namespace quorate::chaos
