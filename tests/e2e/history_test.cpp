#include "chaos/history.hpp"

#include <doctest/doctest.h>

namespace quorate::chaos {
namespace {

write_event event(const std::string& title, const std::string& content, write_outcome outcome, std::int64_t start,
                  std::int64_t end) {
  write_event made;
  made.key = key_of("n", title);
  made.id = outcome == write_outcome::acknowledged ? "id-" + title : "";
  made.content_hash = hash_of(content);
  made.outcome = outcome;
  made.start_us = start;
  made.end_us = end;
  return made;
}

write_event deletion(const std::string& title, write_outcome outcome, std::int64_t start, std::int64_t end) {
  auto made = event(title, "", outcome, start, end);
  made.deleted = true;
  return made;
}

write_event stamped(write_event made, std::uint64_t time) {
  made.stamp = {time, 1};
  return made;
}

std::vector<violation::kind> kinds(const std::vector<violation>& found) {
  std::vector<violation::kind> all;
  for (const auto& one : found) all.push_back(one.what);
  return all;
}

void hold(node_contents& contents, const std::string& title, const std::string& content, std::string id = "") {
  v1::MemoryRecord record;
  record.set_id(id.empty() ? "id-" + title : id);
  record.set_namespace_("n");
  record.set_title(title);
  record.set_content(content);
  contents[record.id()] = record.SerializeAsString();
}

constexpr auto acknowledged = write_outcome::acknowledged;
constexpr auto rejected = write_outcome::rejected;
constexpr auto indeterminate = write_outcome::indeterminate;
constexpr auto superseded = write_outcome::superseded;

}  // namespace

TEST_SUITE("chaos.history") {
  TEST_CASE("an acknowledged write that is there by id and content is no violation") {
    node_contents contents;
    hold(contents, "t", "x");
    CHECK(check({event("t", "x", acknowledged, 1, 2)}, contents).empty());
  }

  TEST_CASE("an acknowledged write that is missing is found") {
    const auto found = check({event("t", "x", acknowledged, 1, 2)}, {});
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == violation::kind::missing);
    CHECK(text_of(found[0]).find("n / t") != std::string::npos);
  }

  TEST_CASE("an acknowledged write with another content is found") {
    node_contents contents;
    hold(contents, "t", "y");
    const auto found = check({event("t", "x", acknowledged, 1, 2)}, contents);
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == violation::kind::wrong_content);
  }

  TEST_CASE("an acknowledged write under another id than answered is found") {
    node_contents contents;
    hold(contents, "t", "x", "another");
    const auto found = check({event("t", "x", acknowledged, 1, 2)}, contents);
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == violation::kind::wrong_id);
  }

  TEST_CASE("a rejected write must not be there") {
    node_contents contents;
    CHECK(check({event("t", "x", rejected, 1, 2)}, contents).empty());
    hold(contents, "t", "x");
    const auto found = check({event("t", "x", rejected, 1, 2)}, contents);
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == violation::kind::rejected_but_present);
  }

  TEST_CASE("an indeterminate write may be there or not") {
    node_contents contents;
    CHECK(check({event("t", "x", indeterminate, 1, 2)}, contents).empty());
    hold(contents, "t", "x");
    CHECK(check({event("t", "x", indeterminate, 1, 2)}, contents).empty());
  }

  TEST_CASE("an acknowledged write that an acknowledged one followed must not be seen again") {
    node_contents contents;
    hold(contents, "t", "old");
    const std::vector<write_event> events = {event("t", "old", acknowledged, 1, 2),
                                             event("t", "new", acknowledged, 3, 4)};
    REQUIRE(check(events, contents).size() == 1);
    hold(contents, "t", "new");
    CHECK(check(events, contents).empty());
  }

  TEST_CASE("of two acknowledged writes at the same time without stamps either may be last") {
    const std::vector<write_event> events = {event("t", "one", acknowledged, 1, 4),
                                             event("t", "two", acknowledged, 2, 3)};
    for (const auto* content : {"one", "two"}) {
      node_contents contents;
      hold(contents, "t", content);
      CHECK(check(events, contents).empty());
    }
  }

  TEST_CASE("of two acknowledged writes at the same time the one with the higher stamp must be last") {
    node_contents first;
    hold(first, "t", "x");
    node_contents second;
    hold(second, "t", "y");
    for (const std::uint64_t other : {4, 6}) {
      const std::vector<write_event> events = {stamped(event("t", "x", acknowledged, 1, 4), 5),
                                               stamped(event("t", "y", acknowledged, 2, 3), other)};
      const auto wrong = std::vector{violation::kind::wrong_content};
      CHECK(kinds(check(events, other < 5 ? first : second)).empty());
      CHECK(kinds(check(events, other < 5 ? second : first)) == wrong);
    }
    // A deletion among them, too: absence is its work or none.
    const std::vector<write_event> events = {stamped(event("t", "x", acknowledged, 1, 4), 5),
                                             stamped(deletion("t", acknowledged, 2, 3), 4)};
    CHECK(kinds(check(events, {})) == std::vector{violation::kind::missing});
  }

  TEST_CASE("no write may have a lower stamp than one that was acknowledged before it began") {
    node_contents contents;
    hold(contents, "t", "x");
    const auto first = stamped(event("t", "x", acknowledged, 1, 2), 5);
    const auto below = std::vector{violation::kind::below_an_earlier_one};
    CHECK(kinds(check({first, stamped(event("t", "y", acknowledged, 3, 4), 4)}, contents)) == below);
    CHECK(kinds(check({first, stamped(event("t", "y", acknowledged, 2, 4), 4)}, contents)).empty());
    CHECK(kinds(check({first, stamped(event("t", "y", indeterminate, 3, 4), 4)}, contents)).empty());
  }

  TEST_CASE("an indeterminate overwrite may win over the acknowledged write, but must not remove it") {
    const std::vector<write_event> events = {event("t", "one", acknowledged, 1, 2),
                                             event("t", "two", indeterminate, 3, 4)};
    for (const auto* content : {"one", "two"}) {
      node_contents contents;
      hold(contents, "t", content);
      CHECK(check(events, contents).empty());
    }
    REQUIRE(check(events, {}).size() == 1);
    CHECK(check(events, {})[0].what == violation::kind::missing);
  }

  TEST_CASE("a superseded write is not what is seen in the end") {
    node_contents contents;
    hold(contents, "t", "two");
    const std::vector<write_event> events = {event("t", "one", acknowledged, 1, 2),
                                             event("t", "two", superseded, 3, 4)};
    CHECK(check(events, contents).size() == 1);
  }

  TEST_CASE("an acknowledged deletion explains absence, and nothing else does") {
    node_contents contents;
    hold(contents, "t", "x");
    const std::vector<write_event> events = {event("t", "x", acknowledged, 1, 2), deletion("t", acknowledged, 3, 4)};
    CHECK(check(events, {}).empty());
    REQUIRE(check(events, contents).size() == 1);
    CHECK(check(events, contents)[0].what == violation::kind::wrong_content);
    CHECK(check({event("t", "x", acknowledged, 1, 2), deletion("t", rejected, 3, 4)}, {}).size() == 1);
    CHECK(check({event("t", "x", acknowledged, 1, 2), deletion("t", indeterminate, 3, 4)}, {}).empty());
  }

  TEST_CASE("what is known to be older than an acknowledged write cannot be what is seen in the end") {
    const auto put = stamped(event("t", "x", indeterminate, 1, 2), 10);
    const auto again = stamped(event("t", "x", acknowledged, 3, 4), 20);
    const auto gone = stamped(deletion("t", acknowledged, 5, 6), 30);
    node_contents back;
    hold(back, "t", "x");
    CHECK(check({put, again, gone}, {}).empty());
    CHECK(kinds(check({put, again, gone}, back)) == std::vector{violation::kind::wrong_content});
    // Newer, or of unknown age, it may be.
    CHECK(check({stamped(put, 40), again, gone}, back).empty());
    CHECK(check({event("t", "x", indeterminate, 1, 2), again, gone}, back).empty());
    // Nor does an older deletion explain absence.
    CHECK(kinds(check({stamped(deletion("t", indeterminate, 1, 2), 10), again}, {}))
          == std::vector{violation::kind::missing});
  }

  TEST_CASE("a rejected overwrite that took effect is told from a lost one") {
    node_contents contents;
    hold(contents, "t", "two");
    CHECK(kinds(check({event("t", "one", acknowledged, 1, 2), event("t", "two", rejected, 3, 4)}, contents))
          == std::vector{violation::kind::rejected_but_present});
  }

  TEST_CASE("a superseded write needs something that superseded it") {
    CHECK(kinds(check({event("t", "x", superseded, 1, 2)}, {})) == std::vector{violation::kind::superseded_by_nothing});
    CHECK(kinds(check({event("t", "x", superseded, 1, 2), event("t", "y", acknowledged, 3, 4)}, {}))
          == std::vector{violation::kind::superseded_by_nothing});
    node_contents contents;
    hold(contents, "t", "y");
    CHECK(check({event("t", "y", indeterminate, 1, 2), event("t", "x", superseded, 1, 4)}, contents).empty());
    // It is durable: that there is nothing at all has to be explained.
    CHECK(kinds(check({event("t", "y", indeterminate, 1, 2), event("t", "x", superseded, 1, 4)}, {}))
          == std::vector{violation::kind::missing});
  }

  TEST_CASE("what nobody wrote, and what is there twice, is found outside the namespace that is judged apart") {
    node_contents contents;
    hold(contents, "t", "x");
    const std::vector<write_event> events = {event("t", "x", acknowledged, 1, 2)};
    CHECK(check_foreign(events, contents, "").empty());
    hold(contents, "stranger", "x");
    CHECK(kinds(check_foreign(events, contents, "")) == std::vector{violation::kind::foreign});
    CHECK(check_foreign(events, contents, "n").empty());
    contents.erase("id-stranger");
    hold(contents, "t", "x", "id-twin");
    CHECK(kinds(check_foreign(events, contents, "")) == std::vector{violation::kind::duplicate});
  }

  TEST_CASE("what was served at some time must have been written by somebody, and not rejected") {
    node_contents contents;
    hold(contents, "t", "x");
    served_contents served;
    add_to(served, contents);
    CHECK(check_served({event("t", "x", indeterminate, 1, 2)}, served, "apart").empty());
    CHECK(check_served({event("t", "x", acknowledged, 1, 2), event("t", "y", acknowledged, 3, 4)}, served, "apart")
              .empty());
    CHECK(kinds(check_served({event("t", "x", rejected, 1, 2)}, served, "apart"))
          == std::vector{violation::kind::served_wrong});
    CHECK(kinds(check_served({event("t", "y", acknowledged, 1, 2)}, served, "apart"))
          == std::vector{violation::kind::served_wrong});
  }
}

TEST_SUITE("chaos.node_client") {
  TEST_CASE("a failure without typed details proves nothing when gRPC itself may have made it") {
    CHECK(outcome_of(grpc::Status::OK) == acknowledged);
    CHECK(outcome_of({grpc::UNAVAILABLE, ""}) == indeterminate);
    CHECK(outcome_of({grpc::DEADLINE_EXCEEDED, ""}) == indeterminate);
    CHECK(outcome_of({grpc::RESOURCE_EXHAUSTED, ""}) == indeterminate);
    CHECK(outcome_of({grpc::INVALID_ARGUMENT, ""}) == rejected);
    CHECK(outcome_of({grpc::NOT_FOUND, ""}) == rejected);
  }
}

}  // namespace quorate::chaos
