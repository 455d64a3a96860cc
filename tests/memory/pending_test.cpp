#include "memory/pending.hpp"

#include <algorithm>

#include "memory/json.hpp"
#include "memory/standards.hpp"
#include "memory/timestamp.hpp"
#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace quorate::memory::tests;

namespace {

/// A namespace "team" in which everything is to be approved.
struct team_with_approver {
  written_store store;

  explicit team_with_approver(const std::string& approver) { ask(approver); }

  void ask(const std::string& approver) {
    const auto id = store.store("rules", "Rules");
    v1::SetStandardRequest request;
    request.set_namespace_("team");
    request.set_id(id);
    request.set_governance(R"({"write":"approve","promote":"approve","delete":"approve","approver":)" + approver + "}");
    const auto plan = plan_set_standard(store.reader, request, store.now_ms());
    REQUIRE(plan);
    store.apply(plan->write);
  }

  v1::MemoryRecord prepared(v1::StoreRequest request) const {
    auto record = prepare(std::move(request), store.now_ms());
    REQUIRE_MESSAGE(record, record.error().message());
    return *record;
  }

  /// The id of the pending action.
  std::string put_off_store(const v1::StoreRequest& request) {
    const auto record = prepared(request);
    const auto id = random_id();
    const auto plan =
        plan_put_off(id, act_of_store(record), payload_of_store(record, lifetime_of(request)), store.now_ms());
    CHECK(plan.notice.id() == id);
    CHECK(plan.notice.memory_id().empty());
    store.apply(plan.write);
    return id;
  }
  std::string put_off_delete(const std::string& memory_id) {
    const auto id = random_id();
    store.apply(plan_put_off(id, act_on(governed_action::remove, store.record(memory_id), "alice"),
                             std::string(payload_of_delete), store.now_ms())
                    .write);
    return id;
  }

  result<planned_decision> approve(const std::string& id, const std::string& agent_id) {
    v1::ApprovePendingRequest request;
    request.set_id(id);
    request.set_agent_id(agent_id);
    const auto keys = keys_of_approve(store.reader, request);
    auto plan = plan_approve(store.reader, request, store.next_stamp(), store.now_ms());
    if (plan) {
      for (const auto& change : plan->write.mutations)
        CHECK(std::find(keys.begin(), keys.end(), change.key) != keys.end());
      store.apply(plan->write);
    }
    return plan;
  }
  result<planned_decision> reject(const std::string& id, const std::string& agent_id) {
    v1::RejectPendingRequest request;
    request.set_id(id);
    request.set_agent_id(agent_id);
    auto plan = plan_reject(store.reader, request, store.now_ms());
    if (plan) store.apply(plan->write);
    return plan;
  }

  v1::PendingAction action(const std::string& id) const {
    v1::PendingAction found;
    REQUIRE(found.ParseFromString(store.reader.records.at(pending_key(id)).value));
    return found;
  }
};

v1::StoreRequest storing(const std::string& title) {
  v1::StoreRequest request;
  request.mutable_memory()->set_namespace_("team");
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content("line 1\nline \"2\"");
  request.mutable_memory()->set_metadata(R"({"agent_id":"alice","n":12345678901234567890123})");
  request.mutable_memory()->add_tags("a");
  return request;
}

}  // namespace

TEST_SUITE("memory.pending") {
  TEST_CASE("a store that was put off says all that is to be stored, and nothing is stored yet") {
    team_with_approver team("\"human\"");
    const auto id = team.put_off_store(storing("x"));
    const auto action = team.action(id);
    CHECK(action.id() == id);
    CHECK(action.action_type() == "store");
    CHECK(action.namespace_() == "team");
    CHECK(action.memory_id().empty());
    CHECK(action.requested_by() == "alice");
    CHECK(parse_timestamp(action.requested_at()));
    CHECK(action.status() == "pending");
    CHECK_FALSE(action.has_decided_by());
    const auto payload = from_json(action.payload());
    REQUIRE(payload);
    CHECK(payload->title() == "x");
    CHECK_FALSE(team.store.reader.records.contains(key_of("team", "x")));
  }

  TEST_CASE("human: anybody approves, and what was put off is done in the same write") {
    team_with_approver team("\"human\"");
    const auto id = team.put_off_store(storing("x"));
    team.store.pass(60'000);
    const auto decided_ms = team.store.now_ms();
    const auto done = team.approve(id, "anybody");
    REQUIRE_MESSAGE(done, done.error().message());
    CHECK(done->approved);
    CHECK(done->write.mutations.size() == 2);
    CHECK(done->votes_needed == 0);
    const auto record = team.store.record(done->write.id);
    CHECK(record.namespace_() == "team");
    CHECK(record.title() == "x");
    CHECK(record.content() == "line 1\nline \"2\"");
    CHECK(record.metadata() == R"({"agent_id":"alice","n":12345678901234567890123})");
    CHECK(record.tags_size() == 1);
    CHECK(record.created_at() == format_timestamp(decided_ms));
    CHECK(record.expires_at() == format_timestamp(decided_ms + 604'800'000));  // its seven days begin now
    const auto action = team.action(id);
    CHECK(action.status() == "approved");
    CHECK(action.decided_by() == "anybody");
    CHECK(action.decided_at() == format_timestamp(decided_ms));
    REQUIRE(action.approvals_size() == 1);
    CHECK(action.approvals(0).agent_id() == "anybody");
    CHECK(done->action.SerializeAsString() == action.SerializeAsString());
  }

  TEST_CASE("the life that was asked for begins with the approval; a time that was given stays, and may have passed") {
    team_with_approver team("\"human\"");
    auto with_ttl = storing("ttl");
    with_ttl.set_ttl_seconds(100);
    auto with_time = storing("time");
    const auto noon = format_timestamp(team.store.now_ms() + 600'000);
    with_time.mutable_memory()->set_expires_at(noon);
    const auto ttl = team.put_off_store(with_ttl);
    const auto time = team.put_off_store(with_time);
    const auto late = team.put_off_store([&] {
      auto request = with_time;
      request.mutable_memory()->set_title("late");
      return request;
    }());
    team.store.pass(300'000);
    const auto decided_ms = team.store.now_ms();
    const auto done = team.approve(ttl, "bob");
    REQUIRE(done);
    CHECK(team.store.record(done->write.id).expires_at() == format_timestamp(decided_ms + 100'000));
    const auto timed = team.approve(time, "bob");
    REQUIRE(timed);
    CHECK(team.store.record(timed->write.id).expires_at() == noon);
    team.store.pass(600'000);
    const auto refused = team.approve(late, "bob");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().field() == "expires_at");
    CHECK(team.action(late).status() == "pending");
    CHECK(team.reject(late, "bob"));
  }

  TEST_CASE("an approved delete deletes; what is gone meanwhile leaves it pending") {
    team_with_approver team("\"human\"");
    const auto memory_id = team.store.store("team", "x");
    const auto first = team.put_off_delete(memory_id);
    const auto second = team.put_off_delete(memory_id);
    CHECK(team.action(first).memory_id() == memory_id);
    CHECK(team.action(first).payload() == "{}");
    const auto done = team.approve(first, "bob");
    REQUIRE(done);
    CHECK(done->write.id == memory_id);
    CHECK_FALSE(team.store.holds(memory_id));
    const auto too_late = team.approve(second, "bob");
    REQUIRE_FALSE(too_late);
    CHECK(too_late.error().code() == errc::not_found);
    CHECK(team.action(second).status() == "pending");
  }

  TEST_CASE("an approved promotion raises the tier, or clones into the namespace that was asked for") {
    team_with_approver team("\"human\"");
    const auto memory_id = team.store.store("team/a", "x");
    const auto put_off = [&](std::string_view to_namespace) {
      const auto id = random_id();
      const auto act = act_on(governed_action::promote, team.store.record(memory_id), "alice");
      team.store.apply(plan_put_off(id, act, payload_of_promote(to_namespace), team.store.now_ms()).write);
      return id;
    };
    const auto raise = put_off("");
    const auto clone = put_off("team");
    CHECK(team.action(raise).payload() == "{}");
    CHECK(team.action(clone).payload() == R"({"to_namespace":"team"})");
    CHECK(team.approve(raise, "bob"));
    CHECK(team.store.record(memory_id).tier() == v1::TIER_LONG);
    CHECK(team.approve(clone, "bob"));
    CHECK(team.store.reader.records.contains(key_of("team", "x")));
    CHECK(team.action(clone).status() == "approved");
  }

  TEST_CASE("agent: exactly the one that is named") {
    team_with_approver team(R"({"agent":"carol"})");
    const auto id = team.put_off_store(storing("x"));
    for (const auto* agent : {"alice", "Carol"}) {
      const auto refused = team.approve(id, agent);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code() == errc::not_permitted);
    }
    CHECK(team.action(id).status() == "pending");
    CHECK(team.approve(id, "carol"));
    CHECK(team.action(id).status() == "approved");
  }

  TEST_CASE("consensus: so many registered agents, each counted once whatever the case of its id") {
    team_with_approver team(R"({"consensus":3})");
    for (const auto* agent : {"a", "A", "b", "c"}) team.store.register_agent(agent);
    const auto id = team.put_off_store(storing("x"));
    CHECK(team.approve(id, "stranger").error().code() == errc::not_permitted);
    const auto vote = [&](const std::string& agent) {
      const auto answer = team.approve(id, agent);
      REQUIRE(answer);
      CHECK(answer->votes_needed == 3);
      CHECK(answer->approved == (answer->votes == 3));
      return answer->votes;
    };
    CHECK(vote("a") == 1);
    CHECK(vote("a") == 1);
    CHECK(vote("A") == 1);
    CHECK(vote("b") == 2);
    CHECK(team.action(id).status() == "pending");
    CHECK_FALSE(team.store.reader.records.contains(key_of("team", "x")));
    CHECK(vote("c") == 3);
    const auto action = team.action(id);
    CHECK(action.status() == "approved");
    CHECK(action.decided_by() == "c");
    CHECK(action.approvals_size() == 3);
    CHECK(team.store.reader.records.contains(key_of("team", "x")));
  }

  TEST_CASE("who may approve is what the policy says at that time; without one anybody may") {
    team_with_approver team(R"({"agent":"carol"})");
    const auto id = team.put_off_store(storing("x"));
    CHECK_FALSE(team.approve(id, "bob"));
    team.ask(R"({"agent":"bob"})");
    CHECK_FALSE(team.approve(id, "carol"));
    const auto cleared = plan_clear_standard(team.store.reader, "team");
    REQUIRE(cleared);
    team.store.apply(*cleared);
    CHECK(team.approve(id, "dave"));
  }

  TEST_CASE("anybody rejects, and nothing is done") {
    team_with_approver team(R"({"agent":"carol"})");
    const auto id = team.put_off_store(storing("x"));
    const auto done = team.reject(id, "bob");
    REQUIRE(done);
    CHECK(done->write.mutations.size() == 1);
    CHECK(team.action(id).status() == "rejected");
    CHECK(team.action(id).decided_by() == "bob");
    CHECK_FALSE(team.store.reader.records.contains(key_of("team", "x")));
  }

  TEST_CASE("what is decided stays decided, and what is unknown is not found") {
    team_with_approver team("\"human\"");
    const auto yes = team.put_off_store(storing("x"));
    const auto no = team.put_off_store(storing("y"));
    REQUIRE(team.approve(yes, "bob"));
    REQUIRE(team.reject(no, "bob"));
    for (const auto& id : {yes, no}) {
      CHECK(team.approve(id, "bob").error().field() == "id");
      CHECK(team.reject(id, "bob").error().field() == "id");
    }
    CHECK_FALSE(team.store.reader.records.contains(key_of("team", "y")));
    CHECK(team.approve("unknown", "bob").error().code() == errc::not_found);
    CHECK(team.reject("unknown", "bob").error().code() == errc::not_found);
    CHECK(team.reject(no, "").error().field() == "agent_id");
    CHECK(team.approve("", "bob").error().field() == "id");
  }

  TEST_CASE("they are listed newest first, by their status, as many as asked for and as fit an answer") {
    team_with_approver team("\"human\"");
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(team.put_off_store(storing("t" + std::to_string(i))));
    REQUIRE(team.approve(ids[1], "bob"));
    REQUIRE(team.reject(ids[2], "bob"));
    const auto listed = [&](const std::string& wanted, std::size_t limit) {
      const auto found = list_pending(team.store.reader, wanted, limit);
      REQUIRE(found);
      std::vector<std::string> seen;
      for (const auto& action : *found) seen.push_back(action.id());
      return seen;
    };
    using names = std::vector<std::string>;
    CHECK(listed("", 100) == names{ids[4], ids[3], ids[2], ids[1], ids[0]});
    CHECK(listed("", 2) == names{ids[4], ids[3]});
    CHECK(listed("pending", 100) == names{ids[4], ids[3], ids[0]});
    CHECK(listed("approved", 100) == names{ids[1]});
    CHECK(listed("rejected", 100) == names{ids[2]});
    CHECK(list_pending(team.store.reader, "open", 100).error().field() == "status");
    for (int i = 0; i < 20; ++i) {
      auto large = storing("large" + std::to_string(i));
      large.mutable_memory()->set_content(std::string(60'000, 'x'));
      ids.push_back(team.put_off_store(large));
    }
    const auto fitting = listed("", 100);
    CHECK(fitting.size() == 17);  // of 60,000 bytes and some in 1 MiB
    CHECK(fitting.front() == ids.back());
  }
}
