// The index of words and the two ways it is searched.
#include "memory/word_search.hpp"

#include <doctest/doctest.h>

#include <rapidcheck.h>
#include <algorithm>
#include <map>

#include "memory/key.hpp"
#include "memory/timestamp.hpp"
#include "quorate/v1/record.pb.h"
#include "tests/core/pick.hpp"

using namespace quorate;
using namespace quorate::memory;

namespace {

constexpr std::int64_t now_ms = 1'795'300'230'123;
constexpr std::int64_t day_ms = 86'400'000;

v1::MemoryRecord record(const std::string& title, const std::string& content,
                        const std::string& name_space = "global") {
  v1::MemoryRecord made;
  made.set_namespace_(name_space);
  made.set_title(title);
  made.set_content(content);
  made.set_tier(v1::TIER_MID);
  made.set_priority(5);
  made.set_confidence(1);
  made.set_created_at(format_timestamp(now_ms));
  made.set_updated_at(format_timestamp(now_ms));
  made.set_metadata("{}");
  return made;
}

void put(word_index& index, const v1::MemoryRecord& made) {
  index.put(describe(key_of(made.namespace_(), made.title()).bytes, made));
}

word_query query(const std::string& text, ranking by = ranking::classic) {
  word_query made;
  made.text = text;
  made.by = by;
  made.filter.now_ms = now_ms;
  return made;
}

std::vector<std::string> titles(const std::vector<word_match>& found) {
  std::vector<std::string> all;
  for (const auto& one : found) all.push_back(one.key.bytes.substr(one.key.bytes.find('\0') + 1));
  return all;
}

using texts = std::vector<std::string>;

texts sorted(texts all) {
  std::sort(all.begin(), all.end());
  return all;
}

constexpr ranking all_rankings[] = {ranking::search, ranking::classic, ranking::bm25f};

}  // namespace

TEST_SUITE("memory.word_search") {
  TEST_CASE("search wants all words, recall any") {
    word_index index;
    put(index, record("a", "red apple"));
    put(index, record("b", "red pear"));
    put(index, record("c", "green pear"));
    CHECK(titles(find(index, query("red pear", ranking::search))) == texts{"b"});
    CHECK(sorted(titles(find(index, query("red pear")))) == texts{"a", "b", "c"});
    CHECK(titles(find(index, query("red pear"))).front() == "b");
    CHECK(find(index, query("red plum", ranking::search)).empty());
    CHECK(find(index, query("plum")).empty());
    CHECK(find(index, query("AND")).empty());
    CHECK(find(word_index(), query("red")).empty());
  }

  TEST_CASE("title and tags hold words too") {
    word_index index;
    auto tagged = record("a", "x");
    tagged.add_tags("deep-sea");
    put(index, tagged);
    put(index, record("the sea", "y"));
    for (const auto by : all_rankings) CHECK(sorted(titles(find(index, query("sea", by)))) == texts{"a", "the sea"});
  }

  TEST_CASE("the classic score is the formula") {
    auto standing = standing_of(record("a", "x"));
    CHECK(classic_score(0, standing, now_ms, false) == doctest::Approx(0.5 * 5 + 2 + 1));
    CHECK(classic_score(1.5, standing, now_ms, true) == doctest::Approx(1.5 + 0.5 * 5 + 2 + 1 + 1));
    standing.tier = v1::TIER_LONG;
    standing.priority = 10;
    standing.access_count = 1'000;
    standing.confidence = 0.5;
    CHECK(classic_score(0, standing, now_ms + 10 * day_ms, true) == doctest::Approx(5 + 5 + 1 + 0.5 + 3));
    CHECK(classic_score(0, standing, now_ms - day_ms, false) == doctest::Approx(5 + 5 + 1 + 1));
  }

  TEST_CASE("words, priority, use and tier order what the classic ranking finds") {
    word_index index;
    auto urgent = record("urgent", "red");
    urgent.set_priority(10);
    auto used = record("used", "red");
    used.set_access_count(10);
    auto kept = record("kept", "red");
    kept.set_tier(v1::TIER_LONG);
    for (const auto& made : {record("plain", "red"), urgent, used, kept}) put(index, made);
    CHECK(titles(find(index, query("red"))) == texts{"urgent", "kept", "used", "plain"});
    CHECK(titles(find(index, query("red", ranking::search))) == texts{"urgent", "used", "kept", "plain"});
    record_standing standing = standing_of(record("plain", "red"));
    standing.access_count = 40;
    index.set_standing(key_of("global", "plain").bytes, standing);
    CHECK(titles(find(index, query("red"))).front() == "plain");
  }

  TEST_CASE("every part of the filter is kept") {
    word_index index;
    auto other = record("other", "red", "team/x");
    other.set_tier(v1::TIER_LONG);
    other.set_priority(8);
    other.set_created_at(format_timestamp(now_ms - 10 * day_ms));
    other.add_tags("fruit");
    other.set_metadata(R"({"agent_id":"ai:bob","scope":"collective"})");
    put(index, record("one", "red"));
    put(index, other);
    auto gone = record("gone", "red");
    gone.set_expires_at(format_timestamp(now_ms));
    put(index, gone);
    struct filter_case {
      const char* what;
      record_filter filter;
      texts found;
    };
    std::vector<filter_case> cases;
    const auto add = [&](const char* what, const auto& set, texts found) {
      record_filter filter;
      filter.now_ms = now_ms;
      set(filter);
      cases.push_back({what, filter, std::move(found)});
    };
    add("none", [](record_filter&) {}, {"one", "other"});
    add("namespace", [](record_filter& f) { f.name_space = "team/x"; }, {"other"});
    add("unknown namespace", [](record_filter& f) { f.name_space = "team"; }, {});
    add("tier", [](record_filter& f) { f.tier = v1::TIER_LONG; }, {"other"});
    add("priority", [](record_filter& f) { f.min_priority = 8; }, {"other"});
    add("priority above", [](record_filter& f) { f.min_priority = 9; }, {});
    add("since", [](record_filter& f) { f.since_ms = now_ms; }, {"one"});
    add("until", [](record_filter& f) { f.until_ms = now_ms - 1; }, {"other"});
    add("tag", [](record_filter& f) { f.tag = "fruit"; }, {"other"});
    add("unknown tag", [](record_filter& f) { f.tag = "frui"; }, {});
    add("agent", [](record_filter& f) { f.agent_id = "ai:bob"; }, {"other"});
    add("unknown agent", [](record_filter& f) { f.agent_id = "ai:eve"; }, {});
    add("as agent elsewhere", [](record_filter& f) { f.as_agent = "away"; }, {"other"});
    add("as agent at home", [](record_filter& f) { f.as_agent = "global"; }, {"one", "other"});
    for (const auto& one : cases) {
      for (const auto by : all_rankings) {
        CAPTURE(one.what);
        auto asked = query("red", by);
        asked.filter = one.filter;
        CHECK(sorted(titles(find(index, asked))) == one.found);
      }
      // What is read again must be judged alike.
      CHECK(passes(one.filter, other) == (std::count(one.found.begin(), one.found.end(), "other") == 1));
    }
  }

  TEST_CASE("namespaces above come at a discount, those beside and below not at all") {
    word_index index;
    for (const auto* name : {"a", "a/b", "a/b/c", "a/x", "a/b/c/d", "ab"}) put(index, record(name, "red", name));
    for (const auto by : {ranking::classic, ranking::bm25f}) {
      auto asked = query("red", by);
      asked.filter.name_space = "a/b/c";
      asked.filter.with_ancestors = true;
      const auto found = find(index, asked);
      REQUIRE(titles(found) == texts{"a/b/c", "a/b", "a"});
      CHECK(found[0].discount == 1);
      CHECK(found[1].discount == doctest::Approx(1 / 1.3));
      CHECK(found[2].score == doctest::Approx(found[0].score / 1.6));
    }
  }

  TEST_CASE("the limit keeps the best") {
    word_index index;
    for (int i = 1; i <= 10; ++i) {
      auto made = record("n" + std::to_string(i), "red");
      made.set_priority(i);
      put(index, made);
    }
    auto asked = query("red");
    asked.limit = 3;
    CHECK(titles(find(index, asked)) == texts{"n10", "n9", "n8"});
  }

  TEST_CASE("further words colour what is found and find nothing") {
    word_index index;
    put(index, record("a", "red fruit"));
    put(index, record("b", "red car"));
    put(index, record("c", "car"));
    put(index, record("d", "blue sky"));
    put(index, record("e", "blue sea"));
    for (const auto by : {ranking::classic, ranking::bm25f}) {
      auto asked = query("red", by);
      // Far from each other, so that nobody is anybody's neighbour.
      asked.filter.name_space = "global";
      asked.colour = "car";
      const auto found = titles(find(index, asked));
      CHECK(found.front() == "b");
      if (by == ranking::classic) CHECK(found == texts{"b", "a"});
    }
  }

  TEST_CASE("BM25F finds other forms of a word, the classic ranking does not") {
    word_index index;
    put(index, record("a", "Caroline painted a sunrise"));
    CHECK(titles(find(index, query("paintings", ranking::bm25f))) == texts{"a"});
    CHECK(find(index, query("paintings")).empty());
  }

  TEST_CASE("BM25F gives a share to the records beside, within half an hour and the namespace") {
    word_index index;
    const auto at = [](const std::string& title, const std::string& content, std::int64_t minutes) {
      auto made = record(title, content);
      made.set_created_at(format_timestamp(now_ms - day_ms + minutes * 60'000));
      return made;
    };
    put(index, at("D1:9", "where do you travel", 0));
    put(index, at("D1:10", "to Norway", 0));
    put(index, at("D1:11", "lovely", 0));
    put(index, at("D2:1", "hello", 60));
    put(index, record("D1:10", "elsewhere", "other"));
    const auto found = find(index, query("travel", ranking::bm25f));
    CHECK(titles(found) == texts{"D1:9", "D1:10", "D1:11"});
    CHECK(found[1].rank == doctest::Approx(found[0].rank * 0.5));
    // A filter that leaves the question out leaves its answer without a share.
    auto asked = query("travel", ranking::bm25f);
    asked.filter.tag = "none";
    CHECK(find(index, asked).empty());
  }

  TEST_CASE("after any history the index is what one built anew is, and finds the same") {
    CHECK(rc::check([] {
      word_index index;
      std::map<std::string, v1::MemoryRecord> live;
      const auto changes = pick(0, 6'000);
      const auto names = pick(1, 40);
      const char* words[] = {"red", "green", "apple", "pears", "pear", "of", "sea"};
      for (int i = 0; i < changes; ++i) {
        const auto title = "T" + std::to_string(pick(0, names));
        const auto key = key_of("global", title).bytes;
        const auto what = pick(0, 10);
        if (what == 0) {
          index.remove(key);
          live.erase(key);
        } else if (what == 1 && live.contains(key)) {
          live[key].set_access_count(pick(0, 100));
          index.set_standing(key, standing_of(live[key]));
        } else {
          std::string content;
          for (int n = pick(0, 4); n >= 0; --n) content += std::string(words[pick(0, 7)]) + " ";
          auto made = record(title, content + std::to_string(i));
          made.add_tags(words[pick(0, 7)]);
          made.set_created_at(format_timestamp(now_ms + pick(0, 100) * 60'000));
          live[key] = made;
          index.put(describe(key, made));
        }
      }
      word_index anew;
      for (const auto& [key, made] : live) anew.put(describe(key, made));
      RC_ASSERT(index.contents() == anew.contents());
      RC_ASSERT(index.sums() == anew.sums());
      RC_ASSERT(index.end() <= 2 * live.size() + 1'024);
      for (const auto by : all_rankings) {
        for (const auto* text : {"pear", "red apple", "of"}) {
          auto asked = query(text, by);
          asked.limit = 100;
          const auto one = find(index, asked);
          const auto two = find(anew, asked);
          RC_ASSERT(sorted(titles(one)) == sorted(titles(two)));
        }
      }
    }));
  }
}
