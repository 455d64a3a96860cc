#include "actors/core/digest.hpp"

#include <doctest/doctest.h>

using namespace quorate;

namespace {

record_key key(const std::string& name) { return {key_kind::memory, name}; }
stored_record record(std::uint64_t time, const std::string& value) { return {{time, node_id{1}}, false, "id", value}; }

}  // namespace

TEST_SUITE("core.digest") {
  TEST_CASE("the order of arrival does not matter, and the way there neither") {
    core::digest one;
    one.replace(key("x"), std::nullopt, record(1, "old"));
    one.replace(key("y"), std::nullopt, record(2, "b"));
    one.replace(key("x"), record(1, "old"), record(3, "new"));
    core::digest other;
    other.replace(key("x"), std::nullopt, record(3, "new"));
    other.replace(key("y"), std::nullopt, record(2, "b"));
    CHECK(one.buckets() == other.buckets());
    CHECK(core::root_of(one.buckets()) == core::root_of(other.buckets()));
  }

  TEST_CASE("key, version, tombstone, alias and value all count") {
    auto root_with = [](const std::string& name, const stored_record& r) {
      core::digest d;
      d.replace(key(name), std::nullopt, r);
      return core::root_of(d.buckets());
    };
    auto base = root_with("x", record(1, "v"));
    CHECK(base.size() == 16);
    CHECK(base != root_with("z", record(1, "v")));
    CHECK(base != root_with("x", record(2, "v")));
    CHECK(base != root_with("x", record(1, "w")));
    CHECK(base != root_with("x", {{1, node_id{2}}, false, "id", "v"}));
    CHECK(base != root_with("x", {{1, node_id{1}}, true, "id", "v"}));
    CHECK(base != root_with("x", {{1, node_id{1}}, false, "other", "v"}));
  }

  TEST_CASE("text cannot move between key, alias and value unseen") {
    auto root_with = [](const std::string& k, const std::string& alias, const std::string& value) {
      auto h = core::hash_of(key(k), {{1, node_id{1}}, false, alias, value});
      return std::pair{h.low, h.high};
    };
    CHECK(root_with("ab", "c", "d") != root_with("a", "bc", "d"));
    CHECK(root_with("a", "bc", "d") != root_with("a", "b", "cd"));
  }

  TEST_CASE("changed buckets are handed out once, with their present sums") {
    core::digest d;
    d.replace(key("x"), std::nullopt, record(1, "v"));
    auto changes = d.take_changes();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].first == core::bucket_of(key("x")));
    CHECK(changes[0].second == d.buckets()[changes[0].first]);
    CHECK(d.take_changes().empty());
  }
}
