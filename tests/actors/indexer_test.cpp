// The indexer: whatever happened to the records, what is found is what is there.
#include <doctest/doctest.h>

#include <future>
#include <map>
#include <thread>

#include "memory/indexed_record.hpp"
#include "memory/key.hpp"
#include "memory/usage.hpp"
#include "quorate/v1/record.pb.h"
#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

namespace {

std::string key(const std::string& title) { return memory::key_of("global", title).bytes; }

std::string value(const std::string& title, const std::string& content) {
  v1::MemoryRecord made;
  made.set_id("id of " + title);
  made.set_namespace_("global");
  made.set_title(title);
  made.set_content(content);
  made.set_tier(v1::TIER_LONG);
  made.set_created_at("2026-11-22T00:00:00Z");
  made.set_updated_at("2026-11-22T00:00:00Z");
  made.set_metadata("{}");
  return made.SerializeAsString();
}

recorded_write store(member& node, const std::string& title, const std::string& content) {
  return write(node.api(), key(title), value(title, content));
}

struct search_end {
  quorate::status outcome;
  std::vector<std::string> keys;
};

search_end search(member& node, const std::string& text, std::optional<log_position> after = {},
                  std::int64_t timeout_ms = 10'000) {
  memory::word_query query;
  query.text = text;
  query.limit = 1'000;
  query.by = memory::ranking::search;
  auto& api = node.api();
  const auto deadline_us = api.time().steady_us() + timeout_ms * 1'000;
  std::promise<quorate::status> ready;
  const auto current = [&] {
    api.words().when_current(deadline_us, [&](const auto& there) { ready.set_value(there); });
  };
  if (after)
    api.when_held(*after, deadline_us, [&](const auto& there) { there ? current() : ready.set_value(there); });
  else
    current();
  search_end end;
  if (end.outcome = ready.get_future().get(); !end.outcome) return end;
  auto found = api.words().match(query);
  if (!found) {
    end.outcome = found.error();
    return end;
  }
  for (const auto& one : *found) end.keys.push_back(one.key.bytes);
  std::sort(end.keys.begin(), end.keys.end());
  return end;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("actors.indexer") {
  TEST_CASE("a search finds what was stored, overwritten and deleted before it, at once") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    REQUIRE(store(a, "early", "apple").ok());
    CHECK(search(a, "apple").keys == texts{key("early")});
    REQUIRE(store(a, "late", "apple").ok());
    CHECK(search(a, "apple").keys == texts{key("early"), key("late")});
    REQUIRE(store(a, "early", "pear").ok());
    CHECK(search(a, "apple").keys == texts{key("late")});
    CHECK(search(a, "pear").keys == texts{key("early")});
    REQUIRE(write(a.api(), key("late"), "", {.remove = true}).ok());
    CHECK(search(a, "apple").keys.empty());
  }

  TEST_CASE("a value that is no record is left out") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    REQUIRE(store(a, "one", "apple").ok());
    REQUIRE(write(a.api(), key("broken"), "\xFF\xFF no record").ok());
    CHECK(search(a, "apple").keys == texts{key("one")});
    REQUIRE(write(a.api(), key("one"), "\xFF\xFF no record").ok());
    CHECK(search(a, "apple").keys.empty());
    CHECK(a.failures().empty());
  }

  TEST_CASE("what other members wrote is found, at the latest when a session says so") {
    cluster nodes;
    const auto done = store(nodes["a"], "one", "apple");
    REQUIRE(done.ok());
    for (const std::string name : {"a", "b", "c"})
      CHECK(search(nodes[name], "apple", done.answer.position).keys == texts{key("one")});
  }

  TEST_CASE("a search that would be older than asked is refused at its deadline") {
    cluster nodes;
    auto done = store(nodes["b"], "one", "apple");
    REQUIRE(done.ok());
    ++done.answer.position.sequence;
    const auto end = search(nodes["a"], "apple", done.answer.position, 50);
    CHECK(end.outcome.code() == errc::behind);
  }

  TEST_CASE("a new life of the writer that brings nothing new is no reason to wait") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    REQUIRE(store(a, "one", "apple").ok());
    CHECK(search(a, "apple").keys.size() == 1);
    REQUIRE(a.kill_and_see_it_back("writer"));
    CHECK(search(a, "apple").keys.size() == 1);
  }

  TEST_CASE("after the indexer's death, and after a restart of the node, the index is built anew") {
    cluster nodes({.names = {"a"}});
    auto& a = nodes["a"];
    for (int i = 0; i < 600; ++i) REQUIRE(store(a, "n" + std::to_string(i), "apple").ok());
    CHECK(search(a, "apple").keys.size() == 600);
    REQUIRE(a.kill_and_see_it_back("indexer"));
    REQUIRE(write(a.api(), key("n0"), "", {.remove = true}).ok());
    CHECK(search(a, "apple").keys.size() == 599);
    a.stop();
    a.start();
    CHECK(search(a, "apple").keys.size() == 599);
  }

  TEST_CASE("under writes and deaths through several nodes it ends as what the store holds") {
    cluster nodes;
    std::atomic<bool> stopping{false};
    std::vector<std::thread> writers;
    for (const std::string name : {"a", "b"}) {
      writers.emplace_back([&nodes, &stopping, name] {
        for (int i = 0; !stopping; ++i) {
          const auto title = "n" + std::to_string(i * 7 % 40);
          if (i % 5 == 0)
            write(nodes[name].api(), key(title), "", {.remove = true});
          else
            store(nodes[name], title, "apple w" + std::to_string(i % 3));
        }
      });
    }
    auto& c = nodes["c"];
    for (int i = 0; i < 5; ++i) {
      CHECK(search(c, "apple").outcome.ok());
      CHECK(c.kill_and_see_it_back("indexer"));
    }
    stopping = true;
    for (auto& writer : writers) writer.join();
    REQUIRE(nodes.equal());
    for (auto* node : nodes.running()) {
      std::map<std::string, texts> expected;
      const auto page = node->disk.store().scan(key_kind::memory, {}, {}, 1'000, 1u << 20);
      REQUIRE(page);
      for (const auto& [record_key, stored] : page->records) {
        v1::MemoryRecord record;
        REQUIRE(record.ParseFromString(stored.value));
        expected[record.content()].push_back(record_key.bytes);
      }
      for (int i = 0; i < 3; ++i) {
        const auto content = "apple w" + std::to_string(i);
        CHECK(search(*node, content).keys == expected[content]);
      }
    }
  }
}
