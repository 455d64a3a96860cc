// A node of one map and no members, for tests of the services above it: plans what it is given at once, as a writer
// would, and answers as the test says. Keeps what it was asked.
//
// One call at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "net/grpc_server.hpp"
#include "net/node_api.hpp"
#include "quorate/v1/admin.grpc.pb.h"
#include "quorate/v1/memory.grpc.pb.h"
#include "tests/support/fake_reader.hpp"

namespace quorate::net::tests {

/// What a write asked for besides its changes.
struct seen_write {
  write_quorum quorum;
  write_consistency consistency;
  when_superseded on_superseded;
  bool yields;
  std::vector<record_key> keys;
  std::int64_t deadline_us;
};

class fake_node_api final : public node_api {
 public:
  void submit(std::vector<write_ticket>&& tickets) override;
  void read(read_ticket&& ticket) override;
  const record_reader& records() const override { return reader; }
  std::unique_ptr<record_reader> view() const override {
    return holds_instants ? std::make_unique<counted_view>(reader, views) : nullptr;
  }
  void when_held(const log_position& position, std::int64_t deadline_us, std::function<void(status)> then) override {
    if (position.sequence <= held) return then({});
    waiting_.add(position.sequence, deadline_us, std::move(then));
  }
  /// Calls that wait for an entry.
  std::size_t waiting() const { return waiting_.size(); }
  node_id self() const override { return node_id{7}; }
  const memory::text_index& words() const override { return index; }
  const clock& time() const override { return system_clock(); }
  std::int64_t quorum_timeout_us() const override { return quorum_timeout_ms * 1'000; }
  std::int64_t quorum_timeout_ms = 2'000;
  result<std::shared_ptr<inbound_link>> accept(const v1::Knock&, bool, std::shared_ptr<answer_sink>,
                                               v1::Challenge*) override;
  void describe(v1::StatusReply*) const override {}
  void describe(v1::ActorsReply*) const override {}
  status describe(v1::DigestReply*) const override { return {}; }
  status drill(const v1::DrillRequest&) override { return {}; }
  status back_up(const v1::BackupIntoRequest& request, v1::BackupIntoReply* reply) override {
    return on_back_up ? on_back_up(request, reply) : node_api::back_up(request, reply);
  }
  std::function<status(const v1::BackupIntoRequest&, v1::BackupIntoReply*)> on_back_up;
  /// What a stream becomes that a peer opens; without it nobody is taken.
  std::function<std::shared_ptr<inbound_link>(const v1::Knock&, std::shared_ptr<answer_sink>)> on_accept;

  /// What the next write finds in the place of its own: it was superseded, and is repeated.
  std::optional<stored_record> newer;
  /// How a read ends; nothing: its ticket is dropped.
  std::function<std::optional<read_answer>(const record_key&)> on_read;

  /// Called before each write is planned, with how many came before it.
  std::function<void(std::size_t)> before_write;
  /// Asked before each write is planned: a write ends with what it says, unless that is ok.
  std::function<status()> refuse;

  fake_reader reader;
  bool holds_instants = true;                     ///< whether it has a view
  mutable std::atomic<int> views = 0;             ///< that are held
  std::atomic<sequence_number> held = 1'000'000;  ///< of every log
  /// What a search of words finds, whatever is asked.
  struct fixed_index final : memory::text_index {
    std::vector<memory::word_match> matches;
    status failure;  ///< what every search answers, unless ok
    status late;     ///< how who waits for it is answered
    mutable memory::word_query asked;
    void when_current(std::int64_t, std::function<void(status)> then) const override { then(late); }
    result<std::vector<memory::word_match>> match(const memory::word_query& query) const override {
      asked = query;
      if (!failure.ok()) return failure;
      return matches;
    }
  } index;
  std::vector<seen_write> writes;
  std::vector<std::pair<record_key, std::int64_t>> reads;  ///< with their deadlines

 private:
  /// Looks at `held` all the time, as long as anybody waits.
  class waiting_calls {
   public:
    explicit waiting_calls(const fake_node_api& node) : node_(node), thread_([this](const auto& end) { serve(end); }) {}
    void add(sequence_number wanted, std::int64_t deadline_us, std::function<void(status)> then) const;
    std::size_t size() const;

   private:
    struct call {
      sequence_number wanted;
      std::int64_t deadline_us;
      std::function<void(status)> then;
    };
    void serve(const std::stop_token& end);

    const fake_node_api& node_;
    mutable std::mutex mutex_;
    mutable std::condition_variable_any news_;
    mutable std::vector<call> calls_;
    std::jthread thread_;
  };
  struct counted_view final : fake_reader {
    counted_view(const fake_reader& now, std::atomic<int>& count) : fake_reader(now), count_(count) { ++count_; }
    ~counted_view() override { --count_; }
    std::atomic<int>& count_;
  };
  /// The error of the plan, if it has one.
  status plan(write_request& request, write_answer* answer);

  std::uint64_t time_ = 0;
  waiting_calls waiting_{*this};  ///< last: it looks at the rest
};

/// A fake node, the services over it and a client of them.
class served_node {
 public:
  served_node();
  ~served_node();
  fake_node_api& operator*() { return *node_; }
  fake_node_api* operator->() { return node_.get(); }
  v1::Memory::Stub& memory() { return *memory_; }
  std::shared_ptr<grpc::Channel> channel() { return server_->in_process_channel(); }
  v1::Admin::Stub& admin() { return *admin_; }

 private:
  std::unique_ptr<fake_node_api> node_;
  std::unique_ptr<grpc_server> server_;
  std::unique_ptr<v1::Memory::Stub> memory_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

}  // namespace quorate::net::tests
