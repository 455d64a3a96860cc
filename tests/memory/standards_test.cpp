#include "memory/standards.hpp"

#include "memory/metadata.hpp"
#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace quorate::memory::tests;

namespace {

const std::string rules = R"({"write":"registered","promote":"any","delete":"owner","approver":"human"})";

v1::SetStandardRequest setting(const std::string& name_space, const std::string& id, const std::string& parent = "",
                               const std::string& governance = "") {
  v1::SetStandardRequest request;
  request.set_namespace_(name_space);
  request.set_id(id);
  request.set_parent(parent);
  request.set_governance(governance);
  return request;
}

v1::Standard set(written_store& store, const v1::SetStandardRequest& request) {
  const auto plan = plan_set_standard(store.reader, request, store.now_ms());
  REQUIRE_MESSAGE(plan, plan.error().message());
  auto keys = keys_of_set_standard(store.reader, request);
  for (const auto& change : plan->write.mutations) CHECK(std::erase(keys, change.key) == 1);
  store.apply(plan->write);
  return plan->standard;
}

v1::Standard standard(const written_store& store, const std::string& name_space) {
  auto found = standard_of(store.reader, name_space);
  REQUIRE(found);
  return *found;
}

std::vector<std::string> chain(const written_store& store, const std::string& name_space) {
  auto found = chain_of(store.reader, name_space);
  REQUIRE(found);
  return *found;
}

using names = std::vector<std::string>;

}  // namespace

TEST_SUITE("memory.policy") {
  TEST_CASE("a policy has four keys; what it says comes back as it went in") {
    for (const auto* text :
         {R"({"write":"any","promote":"registered","delete":"owner","approver":"human"})",
          R"({"write":"approve","promote":"approve","delete":"approve","approver":{"agent":"alice"}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"consensus":3}})"}) {
      CAPTURE(text);
      const auto parsed = parse_policy(text);
      REQUIRE(parsed);
      CHECK(text_of(*parsed) == text);
    }
    const auto more = parse_policy(R"({ "approver":"human","x":1, "delete":"owner","promote":"any","write":"any" })");
    REQUIRE(more);
    CHECK(text_of(*more) == R"({"write":"any","promote":"any","delete":"owner","approver":"human"})");
  }

  TEST_CASE("a policy that lacks a key or says something else is refused as field governance") {
    for (const std::string text :
         {"",
          "{}",
          "[]",
          "null",
          "{",
          "\"any\"",
          R"({"write":"any","promote":"any","delete":"any"})",
          R"({"write":"any","promote":"any","approver":"human"})",
          R"({"write":"any","delete":"any","approver":"human"})",
          R"({"promote":"any","delete":"any","approver":"human"})",
          R"({"write":"Any","promote":"any","delete":"any","approver":"human"})",
          R"({"write":1,"promote":"any","delete":"any","approver":"human"})",
          R"({"write":"any","promote":"any","delete":"any","approver":"alice"})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"agent":"a b"}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"agent":7}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"consensus":0}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"consensus":-1}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"consensus":1.5}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"consensus":4294967296}})",
          R"({"write":"any","promote":"any","delete":"any","approver":{"agent":"a","consensus":1}})",
          R"({"write":"any","write":"any","promote":"any","delete":"any","approver":"human"})"}) {
      CAPTURE(text);
      const auto parsed = parse_policy(text);
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().code() == errc::invalid_argument);
      CHECK(parsed.error().field() == "governance");
    }
    CHECK_FALSE(parse_policy(std::string(100'000, '[')));
  }

  TEST_CASE("a policy is found in metadata, unless it is none") {
    CHECK(policy_in(R"({"governance":)" + rules + "}"));
    CHECK_FALSE(policy_in("{}"));
    CHECK_FALSE(policy_in(R"({"governance":{"write":"any"}})"));
    CHECK_FALSE(policy_in(R"({"x":{"governance":)" + rules + "}}"));
  }
}

TEST_SUITE("memory.standards") {
  TEST_CASE("a standard names a record of any namespace and is shown with what the record says") {
    written_store store;
    const auto id = store.store("elsewhere", "Rules");
    const auto made = set(store, setting("team", id));
    const auto shown = standard(store, "team");
    CHECK(shown.SerializeAsString() == made.SerializeAsString());
    CHECK(shown.namespace_() == "team");
    CHECK(shown.standard_id() == id);
    CHECK(shown.parent_namespace().empty());
    CHECK(shown.found());
    CHECK(shown.title() == "Rules");
    CHECK(shown.content() == "content of Rules");
    CHECK(shown.priority() == 5);
    CHECK(shown.governance() == R"({"write":"any","promote":"any","delete":"any","approver":"human"})");
    const auto by_record = store.reader.find(key_kind::standard, id);
    REQUIRE(by_record);
    CHECK(*by_record == std::vector{standard_key("team")});
    CHECK_FALSE(find_policy(store.reader, "team")->has_value());
  }

  TEST_CASE("a policy goes into the metadata of the record in the same write, next to what is there") {
    written_store store;
    const auto id = store.store("team", "Rules", R"({"agent_id":"alice","n":12345678901234567890123})");
    const auto before = store.record(id);
    store.pass(1'000);
    const auto made = set(store, setting("team", id, "", rules));
    CHECK(made.governance() == rules);
    CHECK(standard(store, "team").governance() == rules);
    const auto after = store.record(id);
    CHECK(after.metadata() == R"({"agent_id":"alice","n":12345678901234567890123,"governance":)" + rules + "}");
    CHECK(after.updated_at() > before.updated_at());
    CHECK(after.content() == before.content());
    const auto in_force = find_policy(store.reader, "team");
    REQUIRE((in_force && *in_force));
    CHECK((*in_force)->owner == "alice");
    CHECK((*in_force)->rules.write == permission::registered);
  }

  TEST_CASE("nothing is set for an unknown record, a bad name or a bad policy") {
    written_store store;
    const auto id = store.store("team", "Rules");
    const auto error_of = [&](const v1::SetStandardRequest& request) {
      return plan_set_standard(store.reader, request, store.now_ms()).error();
    };
    CHECK(error_of(setting("team", "unknown")).code() == errc::not_found);
    CHECK(error_of(setting("/team", id)).field() == "namespace");
    CHECK(error_of(setting("team", "")).field() == "id");
    CHECK(error_of(setting("team", id, "a b")).field() == "parent");
    CHECK(error_of(setting("team", id, "", R"({"write":"any"})")).field() == "governance");
    const auto full = store.store("team", "Full", R"({"k":")" + std::string(65'500, 'x') + "\"}");
    CHECK(error_of(setting("team", full, "", rules)).field() == "governance");
  }

  TEST_CASE("without a parent it is the nearest shorter name that has a standard") {
    written_store store;
    const auto id = store.store("team", "Rules");
    CHECK(set(store, setting("a-b-c-d", id)).parent_namespace().empty());
    set(store, setting("a", id));
    CHECK(set(store, setting("a-b-c-d", id)).parent_namespace() == "a");
    set(store, setting("a-b", id));
    CHECK(set(store, setting("a-b-c-d", id)).parent_namespace() == "a-b");
    CHECK(set(store, setting("a-b-c-d", id, "other")).parent_namespace() == "other");
    CHECK(set(store, setting("-x", id)).parent_namespace().empty());
  }

  TEST_CASE("a chain goes from * over the parents of the first segment down to the namespace") {
    written_store store;
    const auto id = store.store("team", "Rules");
    CHECK(chain(store, "a/b/c") == names{"*", "a", "a/b", "a/b/c"});
    CHECK(chain(store, "*") == names{"*"});
    set(store, setting("a", id, "p1"));
    set(store, setting("p1", id, "p2"));
    CHECK(chain(store, "a/b") == names{"*", "p2", "p1", "a", "a/b"});
    // Those of what is below the first segment do not count.
    set(store, setting("a/b", id, "q"));
    CHECK(chain(store, "a/b") == names{"*", "p2", "p1", "a", "a/b"});
  }

  TEST_CASE("parents that lead back or go on for ever end the chain") {
    written_store store;
    const auto id = store.store("team", "Rules");
    set(store, setting("self", id, "self"));
    CHECK(chain(store, "self") == names{"*", "self"});
    set(store, setting("a", id, "b"));
    set(store, setting("b", id, "a"));
    CHECK(chain(store, "a") == names{"*", "b", "a"});
    set(store, setting("x", id, "*"));
    CHECK(chain(store, "x") == names{"*", "x"});
    set(store, setting("in", id, "in/side"));
    CHECK(chain(store, "in/side") == names{"*", "in", "in/side"});
    for (int i = 0; i < 12; ++i) set(store, setting("n" + std::to_string(i), id, "n" + std::to_string(i + 1)));
    CHECK(chain(store, "n0") == names{"*", "n8", "n7", "n6", "n5", "n4", "n3", "n2", "n1", "n0"});
  }

  TEST_CASE("a standard is cleared once; another time there is nothing to change") {
    written_store store;
    const auto id = store.store("team", "Rules");
    set(store, setting("team", id, "", rules));
    const auto plan = plan_clear_standard(store.reader, "team");
    REQUIRE(plan);
    REQUIRE(plan->mutations.size() == 1);
    store.apply(*plan);
    CHECK(standard(store, "team").standard_id().empty());
    CHECK_FALSE(find_policy(store.reader, "team")->has_value());
    CHECK(store.holds(id));
    const auto again = plan_clear_standard(store.reader, "team");
    REQUIRE(again);
    CHECK(again->mutations.empty());
    CHECK(plan_clear_standard(store.reader, "").error().field() == "namespace");
  }

  TEST_CASE("a standard whose record is gone says so and asks for nothing") {
    written_store store;
    const auto id = store.store("team", "Rules");
    set(store, setting("team", id, "", rules));
    store.reader.apply({{key_of("team", "Rules"), true, {}, {}}}, store.next_stamp());
    CHECK(standard(store, "team").standard_id() == id);
    CHECK_FALSE(standard(store, "team").found());
    CHECK_FALSE(find_policy(store.reader, "team")->has_value());
  }
}
