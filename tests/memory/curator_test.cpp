// What a curator finds in records, and what it writes down.
#include "memory/curator.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "memory/curator_log.hpp"
#include "memory/timestamp.hpp"

using namespace quorate;
using namespace quorate::memory;

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t now_ms = 1'800'000'000'000;

v1::MemoryRecord record(const std::string& id, const std::string& content, std::int64_t age_ms = 0) {
  v1::MemoryRecord made;
  made.set_id(id);
  made.set_tier(v1::TIER_MID);
  made.set_namespace_("ops");
  made.set_title("title of " + id);
  made.set_content(content);
  made.set_priority(5);
  made.set_confidence(1.0);
  made.set_source("cli");
  made.set_metadata("{}");
  made.set_created_at(format_timestamp(now_ms - age_ms));
  made.set_updated_at(made.created_at());
  return made;
}

using words = std::vector<std::string>;
using clusters = std::vector<std::vector<std::size_t>>;

}  // namespace

TEST_SUITE("memory.curator") {
  TEST_CASE("words are three bytes or more, lower case, each once, in order") {
    CHECK(distinct_words("The key, THE Key; of it: 42 v10 größe") == words{"größe", "key", "the", "v10"});
    CHECK(distinct_words("").empty());
    CHECK(distinct_words("a b c ;;").empty());
  }

  TEST_CASE("similarity is what is in both over what is in any") {
    CHECK(similarity({"a", "b", "c"}, {"b", "c", "d"}) == doctest::Approx(0.5));
    CHECK(similarity({"a"}, {"a"}) == 1.0);
    CHECK(similarity({"a"}, {"b"}) == 0.0);
    CHECK(similarity({}, {}) == 0.0);
  }

  TEST_CASE("records of one namespace that are alike are a cluster, from 0.55 on") {
    // 11 of 20 words in both, and 10 of 20.
    const std::string first = "w01 w02 w03 w04 w05 w06 w07 w08 w09 w10 w11 a01 a02 a03 a04";
    const std::string at_least = "w01 w02 w03 w04 w05 w06 w07 w08 w09 w10 w11 b01 b02 b03 b04 b05";
    const std::string less = "w01 w02 w03 w04 w05 w06 w07 w08 w09 w10 c01 c02 c03 c04 c05";
    CHECK(similarity(distinct_words(first), distinct_words(at_least)) == doctest::Approx(0.55));
    CHECK(similarity(distinct_words(first), distinct_words(less)) == doctest::Approx(0.5));
    CHECK(clusters_of({record("a", first, 9), record("b", at_least)}) == clusters{{0, 1}});
    CHECK(clusters_of({record("a", first, 9), record("b", less)}).empty());
    auto elsewhere = record("b", first);
    elsewhere.set_namespace_("other");
    CHECK(clusters_of({record("a", first, 9), elsewhere}).empty());
  }

  TEST_CASE("a cluster begins with its oldest record, whatever the order they came in") {
    const auto old = record("old", "rotate the deploy key", 5);
    const auto young = record("young", "rotate the deploy key", 1);
    CHECK(clusters_of({young, old}) == clusters{{1, 0}});
    CHECK(clusters_of({old, young}) == clusters{{0, 1}});
  }

  TEST_CASE("a cluster has at most eight records; the others make the next one") {
    std::vector<v1::MemoryRecord> records;
    for (int i = 0; i < 11; ++i) records.push_back(record("r" + std::to_string(10 + i), "same words here", 100 - i));
    const auto found = clusters_of(records);
    REQUIRE(found.size() == 2);
    CHECK(found[0].size() == 8);
    CHECK(found[1].size() == 3);
  }

  TEST_CASE("a record that carries a policy is never merged, nor one without words") {
    auto policy = record("a", "same words here", 5);
    policy.set_metadata(R"({"governance":{"write":"any"}})");
    CHECK(clusters_of({policy, record("b", "same words here")}).empty());
    CHECK(clusters_of({record("a", "?!"), record("b", "?!")}).empty());
    CHECK(clusters_of({}).empty());
  }

  TEST_CASE("the merged text holds every line of every record once, the longest record first") {
    const std::vector<v1::MemoryRecord> records{record("a", "one\ntwo", 3), record("b", "two\nthree and more\none", 2),
                                                record("c", "four\n\n two ", 1)};
    CHECK(merged_content(records) == "two\nthree and more\none\nfour");
    CHECK(merged_content({record("a", "alone")}) == "alone");
    CHECK(merged_content({}).empty());
  }

  TEST_CASE("the merged title depends on the records, not on their order, and fits") {
    const auto a = record("a", "x", 9), b = record("b", "x", 1), c = record("c", "x", 5);
    CHECK(merged_title({a, b}) == merged_title({b, a}));
    CHECK(merged_title({a, b}).starts_with("title of b (2 merged, "));
    CHECK(merged_title({a, b}) != merged_title({c, b}));
    auto wide = b;
    wide.set_title(std::string(399, 'x') + "ä" + std::string(111, 'x'));
    CHECK(merged_title({a, wide}).starts_with(std::string(399, 'x') + " (2 merged"));
  }

  TEST_CASE("the merged tier is the highest") {
    auto high = record("a", "x");
    high.set_tier(v1::TIER_LONG);
    CHECK(merged_tier({record("b", "x"), high}) == v1::TIER_LONG);
    CHECK(merged_tier({record("b", "x")}) == v1::TIER_MID);
  }

  TEST_CASE("much and lately used records rise, never used old ones sink, within the limits") {
    const auto used = [](std::int64_t count, std::int64_t last_age_ms, int priority) {
      auto made = record("a", "x", 90 * day_ms);
      made.set_access_count(count);
      made.set_last_accessed_at(format_timestamp(now_ms - last_age_ms));
      made.set_priority(priority);
      return adjusted_priority(made, now_ms);
    };
    CHECK(used(10, day_ms, 5) == 6);
    CHECK(used(10, day_ms, 10) == std::nullopt);
    CHECK(used(9, day_ms, 5) == std::nullopt);
    CHECK(used(10, 7 * day_ms - 1, 5) == 6);
    CHECK(used(10, 7 * day_ms, 5) == std::nullopt);
    CHECK(adjusted_priority(record("a", "x", 31 * day_ms), now_ms) == 4);
    CHECK(adjusted_priority(record("a", "x", 30 * day_ms), now_ms) == std::nullopt);
    auto lowest = record("a", "x", 31 * day_ms);
    lowest.set_priority(1);
    CHECK(adjusted_priority(lowest, now_ms) == std::nullopt);
  }

  TEST_CASE("the system's own namespaces are not curated, and short or tagged records want no tags") {
    CHECK(is_curated("ops/_x"));
    CHECK_FALSE(is_curated("_agents"));
    CHECK_FALSE(is_curated("_curator/rollback"));
    CHECK(wants_tags(record("a", std::string(50, 'x'))));
    CHECK_FALSE(wants_tags(record("a", std::string(49, 'x'))));
    auto tagged = record("a", std::string(50, 'x'));
    tagged.set_metadata(R"({"auto_tags":["x"]})");
    CHECK_FALSE(wants_tags(tagged));
    tagged.set_metadata(R"({"auto_tags":[]})");
    CHECK(wants_tags(tagged));
  }

  TEST_CASE("the neighbour is what is most alike without being the same") {
    const std::vector<v1::MemoryRecord> records{record("a", "deploy key lives in vault one"),
                                                record("b", "nothing shared"), record("c", "deploy key elsewhere"),
                                                record("d", "deploy key lives in vault one")};
    CHECK(neighbour_of(records, 0) == 2);
    CHECK(neighbour_of(records, 1) == std::nullopt);
  }

  TEST_CASE("an act is read back as it was written down") {
    curator_act act;
    act.what = curator_act::kind::consolidate;
    act.at = format_timestamp(now_ms);
    act.records = {record("a", "one\n\"two\""), record("b", "three")};
    act.records[0].set_metadata(R"({"agent_id":"ai:me","n":1.50})");
    act.links.emplace_back().set_source_id("a");
    act.links[0].set_target_id("c");
    act.links[0].set_relation("supersedes");
    act.merged_name = "both";
    act.merged_content = "all";
    const auto read = act_from_json(to_json(act));
    REQUIRE(read);
    CHECK(read->what == act.what);
    REQUIRE(read->records.size() == 2);
    for (std::size_t i = 0; i < 2; ++i)
      CHECK(read->records[i].SerializeAsString() == act.records[i].SerializeAsString());
    CHECK(read->links[0].relation() == "supersedes");
    CHECK(read->merged_name == "both");
    CHECK(read->merged_content == "all");
    act.what = curator_act::kind::annotate;
    act.records.resize(1);
    act.metadata = R"({"auto_tags":["x"]})";
    CHECK(act_from_json(to_json(act))->metadata == act.metadata);
    act.what = curator_act::kind::priority;
    act.priority = 7;
    CHECK(act_from_json(to_json(act))->priority == 7);
  }

  TEST_CASE("what is no act is refused") {
    for (const char* text : {"", "[]", "{}", R"({"action":"fly"})", R"({"action":"forget","records":[]})",
                             R"({"action":"forget","records":[7]})", R"({"action":"forget","records":["7"]})",
                             R"({"action":"forget","records":7})", R"({"action":"forget","records":["{}","{}"]})",
                             R"({"action":"forget","records":["{}"],"links":[{}]})"}) {
      CAPTURE(text);
      CHECK_FALSE(act_from_json(text));
    }
  }

  TEST_CASE("the same act has the same title; a changed record, or another week, is another act") {
    curator_act act;
    act.what = curator_act::kind::forget;
    act.records = {record("a", "x")};
    const auto title = title_of(act, now_ms);
    CHECK(title == title_of(act, now_ms + 30 * day_ms));
    act.records[0].set_updated_at(format_timestamp(now_ms + 1));
    CHECK(title_of(act, now_ms) != title);
    act.what = curator_act::kind::priority;
    CHECK(title_of(act, now_ms) != title_of(act, now_ms + 7 * day_ms));
    const auto window = now_ms / (7 * day_ms) * (7 * day_ms);
    CHECK(title_of(act, window) == title_of(act, window + 7 * day_ms - 1));
  }
}
