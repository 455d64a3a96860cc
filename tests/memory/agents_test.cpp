#include "memory/agents.hpp"

#include "memory/timestamp.hpp"
#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace quorate::memory::tests;

namespace {

v1::RegisterAgentRequest registering(const std::string& id, const std::string& type = "ai:claude-opus-4.7") {
  v1::RegisterAgentRequest request;
  request.set_agent_id(id);
  request.set_agent_type(type);
  request.add_capabilities("search");
  return request;
}

v1::Agent register_agent(written_store& store, const v1::RegisterAgentRequest& request) {
  const auto plan = plan_register_agent(store.reader, request, store.next_stamp(), store.now_ms());
  REQUIRE(plan);
  store.apply(plan->write);
  return plan->agent;
}

std::vector<v1::Agent> agents(const written_store& store) {
  auto listed = list_agents(store.reader, store.now_ms());
  REQUIRE(listed);
  return *listed;
}

}  // namespace

TEST_SUITE("memory.agents") {
  TEST_CASE("an agent is a record of tier long in _agents that says who it is in its metadata and its content") {
    written_store store;
    const auto agent = register_agent(store, registering("alice"));
    CHECK(agent.registered_at() == agent.last_seen_at());
    REQUIRE(store.reader.records.size() == 1);
    const auto& [key, stored] = *store.reader.records.begin();
    CHECK(key == key_of("_agents", "agent:alice"));
    v1::MemoryRecord record;
    REQUIRE(record.ParseFromString(stored.value));
    CHECK(record.tier() == v1::TIER_LONG);
    CHECK_FALSE(record.has_expires_at());
    CHECK(record.source() == "system");
    REQUIRE(record.tags_size() == 1);
    CHECK(record.tags(0) == "agent-registration");
    CHECK(record.content() == record.metadata());
    CHECK(record.metadata()
          == R"({"agent_id":"alice","agent_type":"ai:claude-opus-4.7","capabilities":["search"],"registered_at":")"
                 + agent.registered_at() + R"(","last_seen_at":")" + agent.registered_at() + "\"}");
  }

  TEST_CASE("registering again keeps registered_at and takes the rest anew") {
    written_store store;
    const auto first = register_agent(store, registering("alice"));
    store.pass(5'000);
    auto again = registering("alice", "system");
    again.clear_capabilities();
    const auto second = register_agent(store, again);
    CHECK(second.registered_at() == first.registered_at());
    CHECK(second.last_seen_at() > first.last_seen_at());
    const auto listed = agents(store);
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].SerializeAsString() == second.SerializeAsString());
    CHECK(listed[0].agent_type() == "system");
    CHECK(listed[0].capabilities_size() == 0);
  }

  TEST_CASE("what breaks a rule is refused by its field, and nothing is planned") {
    written_store store;
    const auto field_of = [&](const v1::RegisterAgentRequest& request) {
      const auto plan = plan_register_agent(store.reader, request, store.next_stamp(), store.now_ms());
      return plan ? "accepted" : plan.error().field();
    };
    CHECK(field_of(registering("a b")) == "agent_id");
    CHECK(field_of(registering("alice", "robot")) == "agent_type");
    auto blank = registering("alice");
    blank.add_capabilities(" ");
    CHECK(field_of(blank) == "capabilities");
    CHECK(field_of(registering("alice")) == "accepted");
  }

  TEST_CASE("registered is who has a record there that has not expired") {
    written_store store;
    store.register_agent("alice");
    const auto registered = [&](const std::string& id) {
      const auto answer = is_registered(store.reader, id, store.now_ms());
      REQUIRE(answer);
      return *answer;
    };
    CHECK(registered("alice"));
    CHECK_FALSE(registered("Alice"));
    CHECK_FALSE(registered("bob"));
    CHECK_FALSE(registered(""));
    CHECK_FALSE(registered(std::string("a\0b", 3)));
    store.store("_agents", "agent:bob");  // tier mid: for seven days
    CHECK(registered("bob"));
    CHECK(agents(store).size() == 2);
    store.pass(8LL * 86'400'000);
    CHECK_FALSE(registered("bob"));
    CHECK(agents(store).size() == 1);
    store.remove(store.store("_agents", "agent:alice"));
    CHECK_FALSE(registered("alice"));
  }

  TEST_CASE("records that callers wrote into _agents themselves are listed by their title, or left out") {
    written_store store;
    store.store("_agents", "agent:bob", R"({"agent_id":"mallory","agent_type":7,"capabilities":["x",1]})");
    store.store("_agents", "notes");
    const auto listed = agents(store);
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].agent_id() == "bob");
    CHECK(listed[0].agent_type().empty());
    REQUIRE(listed[0].capabilities_size() == 1);
    CHECK(listed[0].capabilities(0) == "x");
    const auto agent = register_agent(store, registering("bob"));
    CHECK(parse_timestamp(agent.registered_at()));
    CHECK(agents(store)[0].agent_id() == "bob");
  }

  TEST_CASE("an error of the store is passed on") {
    written_store store;
    store.reader.failure = status(errc::storage_failure, "disk");
    CHECK(list_agents(store.reader, 0).error().code() == errc::storage_failure);
    CHECK(is_registered(store.reader, "alice", 0).error().code() == errc::storage_failure);
    CHECK(plan_register_agent(store.reader, registering("alice"), store.next_stamp(), 0).error().code()
          == errc::storage_failure);
  }
}
