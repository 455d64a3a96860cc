#include "memory/governance.hpp"

#include "memory/standards.hpp"
#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace quorate::memory::tests;

namespace {

/// A namespace "team" whose standard, written by "owner", asks the same for every action.
struct governed_team {
  written_store store;

  explicit governed_team(const std::string& permission) {
    const auto id = store.store("team", "Rules", R"({"agent_id":"owner"})");
    v1::SetStandardRequest request;
    request.set_namespace_("team");
    request.set_id(id);
    request.set_governance(R"({"write":")" + permission + R"(","promote":")" + permission + R"(","delete":")"
                           + permission + R"(","approver":"human"})");
    const auto plan = plan_set_standard(store.reader, request, store.now_ms());
    REQUIRE(plan);
    store.apply(plan->write);
    store.register_agent("member");
  }

  std::string judged(governed_action action, const std::string& agent_id, const std::string& author = "author",
                     const std::string& name_space = "team") const {
    v1::MemoryRecord record;
    record.set_id("some-id");
    record.set_namespace_(name_space);
    record.set_metadata(author.empty() ? "{}" : R"({"agent_id":")" + author + "\"}");
    auto act = act_on(action, record, agent_id);
    if (action == governed_action::store) {
      record.set_metadata(agent_id.empty() ? "{}" : R"({"agent_id":")" + agent_id + "\"}");
      act = act_of_store(record);
    }
    const auto answer = judge(store.reader, act, store.now_ms());
    if (answer) return *answer == verdict::allowed ? "allowed" : "needs approval";
    CHECK(answer.error().code() == errc::not_permitted);
    return answer.error().context().substr(0, answer.error().context().find(':'));
  }
};

constexpr std::array actions{governed_action::store, governed_action::remove, governed_action::promote};

std::string denied(governed_action action) { return std::string(name_of(action)) + " denied by governance"; }

}  // namespace

TEST_SUITE("memory.governance") {
  TEST_CASE("any: everybody may, also who does not say who it is") {
    const governed_team team("any");
    for (const auto action : actions) {
      CHECK(team.judged(action, "stranger") == "allowed");
      CHECK(team.judged(action, "") == "allowed");
    }
  }

  TEST_CASE("registered: only who is registered") {
    const governed_team team("registered");
    for (const auto action : actions) {
      CHECK(team.judged(action, "member") == "allowed");
      CHECK(team.judged(action, "stranger") == denied(action));
      CHECK(team.judged(action, "") == denied(action));
    }
  }

  TEST_CASE("owner: who wrote the record; to store, who wrote the standard") {
    const governed_team team("owner");
    CHECK(team.judged(governed_action::store, "owner") == "allowed");
    CHECK(team.judged(governed_action::store, "author") == denied(governed_action::store));
    CHECK(team.judged(governed_action::store, "") == denied(governed_action::store));
    for (const auto action : {governed_action::remove, governed_action::promote}) {
      CHECK(team.judged(action, "author") == "allowed");
      CHECK(team.judged(action, "owner") == denied(action));
      CHECK(team.judged(action, "Author") == denied(action));
      CHECK(team.judged(action, "") == denied(action));
      CHECK(team.judged(action, "", "") == denied(action));  // nobody is nobody's owner
    }
  }

  TEST_CASE("approve: nobody may at once") {
    const governed_team team("approve");
    for (const auto action : actions) {
      CHECK(team.judged(action, "owner") == "needs approval");
      CHECK(team.judged(action, "") == "needs approval");
    }
  }

  TEST_CASE("each action is judged by its own part of the policy") {
    written_store store;
    const auto id = store.store("team", "Rules");
    v1::SetStandardRequest request;
    request.set_namespace_("team");
    request.set_id(id);
    request.set_governance(R"({"write":"any","promote":"approve","delete":"registered","approver":"human"})");
    const auto plan = plan_set_standard(store.reader, request, store.now_ms());
    REQUIRE(plan);
    store.apply(plan->write);
    const auto judged = [&](governed_action action) {
      return judge(store.reader, {action, "team", "stranger", "id", "stranger"}, store.now_ms());
    };
    CHECK(*judged(governed_action::store) == verdict::allowed);
    CHECK(*judged(governed_action::promote) == verdict::needs_approval);
    CHECK(judged(governed_action::remove).error().code() == errc::not_permitted);
  }

  TEST_CASE("a standard binds its own namespace only, and no longer than its record is there") {
    governed_team team("registered");
    CHECK(team.judged(governed_action::store, "stranger", "", "team/a") == "allowed");
    CHECK(team.judged(governed_action::store, "stranger", "", "other") == "allowed");
    team.store.reader.apply({{key_of("team", "Rules"), true, {}, {}}}, team.store.next_stamp());
    CHECK(team.judged(governed_action::store, "stranger") == "allowed");
  }

  TEST_CASE("an error of the store is passed on, not taken for leave") {
    governed_team team("registered");
    team.store.reader.failure = status(errc::storage_failure, "disk");
    CHECK(judge(team.store.reader, {governed_action::store, "team", "member", {}, {}}, 0).error().code()
          == errc::storage_failure);
  }
}
