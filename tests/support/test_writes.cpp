#include "tests/support/test_writes.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include <doctest/doctest.h>

namespace quorate::testing {

class key_write final : public net::write_request {
 public:
  key_write(std::shared_ptr<pending> end, mutation change, record_key asked, const write_options& options,
            const clock& time)
      : end_(std::move(end)), change_(std::move(change)), asked_(std::move(asked)), options_(options), time_(time) {}

  std::vector<record_key> keys(const record_reader&) const override {
    if (options_.throws) throw std::runtime_error("planted defect");
    return {asked_};
  }

  result<std::vector<mutation>> plan(const record_reader& now, const version&) override {
    ++end_->plans_;
    const auto held = now.get(change_.key);
    if (!held) return held.error();
    {
      std::lock_guard lock(end_->mutex_);
      end_->seen_ = *held && !(*held)->deleted ? (*held)->value : std::string();
    }
    if (options_.give_up) return status(errc::not_found, "nothing to do");
    if (options_.no_change) return std::vector<mutation>();
    auto change = change_;
    if (options_.count) change.value = std::to_string(std::atoi(end_->seen().c_str()) + 1);
    return std::vector<mutation>{std::move(change)};
  }

  void finish(const net::write_answer& answer) noexcept override {
    std::lock_guard lock(end_->mutex_);
    end_->record_.answer = answer;
    end_->record_.ended_us = time_.steady_us();
    end_->answered_ = true;
    end_->ended_.notify_all();
  }

 private:
  const std::shared_ptr<pending> end_;
  const mutation change_;
  const record_key asked_;
  const write_options options_;
  const clock& time_;
};

class key_read final : public net::read_request {
 public:
  key_read(std::shared_ptr<pending_read> end, const clock& time) : end_(std::move(end)), time_(time) {}

  void finish(const net::read_answer& answer) noexcept override {
    std::lock_guard lock(end_->mutex_);
    end_->record_.answer = answer;
    end_->record_.ended_us = time_.steady_us();
    end_->answered_ = true;
    end_->ended_.notify_all();
  }

 private:
  const std::shared_ptr<pending_read> end_;
  const clock& time_;
};

bool pending::answered() const {
  std::lock_guard lock(mutex_);
  return answered_;
}

std::string pending::seen() const {
  std::lock_guard lock(mutex_);
  return seen_;
}

recorded_write pending::wait(std::chrono::milliseconds bound) {
  std::unique_lock lock(mutex_);
  const auto until = std::chrono::microseconds(record_.deadline_us) + bound;
  const bool in_time =
      ended_.wait_until(lock, std::chrono::steady_clock::time_point(until), [this] { return answered_; });
  CHECK_MESSAGE(in_time, "the write of ", record_.key, " was never answered");
  if (!in_time) record_.answer.outcome = {errc::internal, "never answered"};
  return record_;
}

std::shared_ptr<pending> submit(net::node_api& node, const std::string& key, const std::string& value,
                                const write_options& options) {
  auto end = std::make_shared<pending>();
  end->record_.key = key;
  end->record_.value = value;
  end->record_.started_us = node.time().steady_us();
  end->record_.deadline_us = end->record_.started_us + options.timeout_ms * 1000;
  mutation change{{options.kind, key}, options.remove, {}, options.remove ? std::string() : value};
  record_key asked{options.kind, options.asked.empty() ? key : options.asked};
  auto request = std::make_unique<key_write>(end, std::move(change), std::move(asked), options, node.time());
  request->quorum = options.quorum;
  request->consistency = options.consistency;
  request->on_superseded = options.on_superseded;
  request->deadline_us = end->record_.deadline_us;
  request->bytes = options.bytes;
  std::vector<net::write_ticket> tickets;
  tickets.emplace_back(std::move(request));
  node.submit(std::move(tickets));
  return end;
}

recorded_write write(net::node_api& node, const std::string& key, const std::string& value,
                     const write_options& options) {
  return submit(node, key, value, options)->wait();
}

bool pending_read::answered() const {
  std::lock_guard lock(mutex_);
  return answered_;
}

recorded_read pending_read::wait(std::chrono::milliseconds bound) {
  std::unique_lock lock(mutex_);
  const auto until = std::chrono::microseconds(record_.deadline_us) + bound;
  const bool in_time =
      ended_.wait_until(lock, std::chrono::steady_clock::time_point(until), [this] { return answered_; });
  CHECK_MESSAGE(in_time, "the read of ", record_.key, " was never answered");
  if (!in_time) record_.answer.outcome = {errc::internal, "never answered"};
  return record_;
}

std::shared_ptr<pending_read> begin_read(net::node_api& node, const std::string& key, const read_options& options) {
  auto end = std::make_shared<pending_read>();
  end->record_.key = key;
  end->record_.started_us = node.time().steady_us();
  end->record_.deadline_us = end->record_.started_us + options.timeout_ms * 1000;
  auto request = std::make_unique<key_read>(end, node.time());
  request->key = {key_kind::memory, key};
  request->deadline_us = end->record_.deadline_us;
  node.read(net::read_ticket(std::move(request)));
  return end;
}

recorded_read read(net::node_api& node, const std::string& key, const read_options& options) {
  return begin_read(node, key, options)->wait();
}

load::load(net::node_api& node, std::string name, load_options options)
    : node_(node), name_(std::move(name)), options_(std::move(options)) {
  for (unsigned i = 0; i < options_.writers; ++i) threads_.emplace_back([this, i] { run(i); });
}

void load::stop() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::vector<recorded_write> load::history() const {
  std::lock_guard lock(mutex_);
  return history_;
}

void load::run(unsigned writer) {
  const auto writer_name = name_ + '.' + std::to_string(writer) + '.';
  for (std::size_t i = 0; !stopping_; ++i) {
    const auto value = writer_name + std::to_string(i);
    const auto key = options_.keys == 0 ? value : std::to_string(i % options_.keys);
    auto done = write(node_, options_.prefix + '/' + key, value,
                      {.timeout_ms = options_.timeout_ms, .consistency = options_.consistency});
    done.node = name_;
    if (done.ok()) ++acknowledged_;
    std::lock_guard lock(mutex_);
    history_.push_back(std::move(done));
  }
}

std::int64_t latest_answer_ms(const std::vector<recorded_write>& history) {
  std::int64_t latest = 0;
  for (const auto& w : history) latest = std::max(latest, w.late_ms());
  return latest;
}

std::vector<recorded_write> missing_in(const storage::store& store, const std::vector<recorded_write>& history) {
  std::vector<recorded_write> missing;
  for (const auto& w : history) {
    if (!w.ok()) continue;
    const auto found = store.get({key_kind::memory, w.key});
    const bool there =
        found && *found
        && ((*found)->stamp > w.answer.stamp || ((*found)->stamp == w.answer.stamp && (*found)->value == w.value));
    if (!there) missing.push_back(w);
  }
  return missing;
}

std::vector<recorded_write> stale_in(const std::vector<recorded_write>& history) {
  std::map<std::string, std::vector<const recorded_write*>> by_key;
  for (const auto& w : history)
    if (w.ok()) by_key[w.key].push_back(&w);
  std::vector<recorded_write> stale;
  for (auto& [key, writes] : by_key) {
    // In order of beginning; a second cursor, in order of end, brings the newest version acknowledged before that.
    auto ended = writes;
    std::sort(writes.begin(), writes.end(), [](auto* a, auto* b) { return a->started_us < b->started_us; });
    std::sort(ended.begin(), ended.end(), [](auto* a, auto* b) { return a->ended_us < b->ended_us; });
    version newest;
    auto next = ended.begin();
    for (const auto* w : writes) {
      for (; next != ended.end() && (*next)->ended_us < w->started_us; ++next)
        newest = std::max(newest, (*next)->answer.stamp);
      if (w->answer.stamp < newest) stale.push_back(*w);
    }
  }
  return stale;
}

}  // namespace quorate::testing
