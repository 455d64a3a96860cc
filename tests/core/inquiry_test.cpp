#include "actors/core/inquiry.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace quorate;
using core::holding;
using core::inquiry;
using purpose = core::inquiry::purpose;

namespace {

const node_id stamper{9};
const version v1{10, stamper};
const version v2{20, stamper};
const version v3{30, stamper};

/// A version with the value that went with it.
holding held(version stamp) { return {stamp, stored_record{stamp, false, "", "value " + std::to_string(stamp.time)}}; }
const holding nothing;

/// A read that has settled upon v2: of three members, this node and member 1 held v1 and v2.
inquiry settled_on_v2() {
  inquiry read(purpose::value, 2);
  read.found(0, held(v1));
  read.found(1, held(v2));
  REQUIRE(read.confirming());
  REQUIRE(read.round() == 1);
  return read;
}

/// The best version has its own value beside it, not one of a version it replaced.
void check_best(const inquiry& asked, version stamp) {
  CHECK(asked.best().stamp == stamp);
  REQUIRE(asked.best().record);
  CHECK(asked.best().record->stamp == stamp);
  CHECK(asked.best().record->value == "value " + std::to_string(stamp.time));
}

}  // namespace

TEST_SUITE("core.inquiry") {
  TEST_CASE("nobody asked, nothing is done") {
    for (const auto why : {purpose::version, purpose::value}) {
      const inquiry asked(why, 2);
      CHECK_FALSE(asked.done());
      CHECK_FALSE(asked.confirming());
      CHECK(asked.round() == 0);
      CHECK_FALSE(asked.answered(0));
      CHECK_FALSE(asked.holds_best(0));
    }
  }

  TEST_CASE("a version is known once a majority has answered, and it is the highest") {
    for (const bool highest_first : {true, false}) {
      inquiry question(purpose::version, 2);
      question.found(0, held(highest_first ? v2 : v1));
      CHECK_FALSE(question.done());
      CHECK(question.answered(0));
      CHECK_FALSE(question.answered(1));
      question.found(2, held(highest_first ? v1 : v2));
      CHECK(question.done());
      CHECK_FALSE(question.confirming());
      check_best(question, v2);
    }
  }

  TEST_CASE("the node breaks the tie between versions of one time") {
    inquiry question(purpose::version, 2);
    question.found(0, held({10, node_id{2}}));
    question.found(1, held({10, node_id{3}}));
    CHECK(question.best().stamp == version{10, node_id{3}});
  }

  TEST_CASE("a member counts once however often it answers, and its first answer stays") {
    for (const auto why : {purpose::version, purpose::value}) {
      inquiry asked(why, 2);
      asked.found(1, held(v1));
      asked.found(1, held(v1));
      asked.found(1, held(v2));
      CHECK_FALSE(asked.done());
      CHECK(asked.round() == 0);
      CHECK(asked.best().stamp == v1);
    }
  }

  TEST_CASE("nothing changes what is done") {
    for (const auto why : {purpose::version, purpose::value}) {
      inquiry asked(why, 2);
      asked.found(0, held(v2));
      asked.found(1, held(v2));
      REQUIRE(asked.done());
      const auto round = asked.round();
      asked.found(2, held(v3));
      asked.found(0, held(v3));
      asked.confirmed(2, held(v3));
      asked.confirmed(0, held(v3));
      CHECK(asked.done());
      CHECK(asked.round() == round);
      check_best(asked, v2);
    }
  }

  TEST_CASE("a confirmation means nothing to a question for the version") {
    inquiry question(purpose::version, 2);
    question.found(0, held(v1));
    question.confirmed(1, held(v3));
    CHECK_FALSE(question.done());
    CHECK(question.best().stamp == v1);
    question.found(1, held(v2));
    CHECK(question.done());
    CHECK(question.best().stamp == v2);
  }

  TEST_CASE("a confirmation before anything was settled upon is none") {
    inquiry read(purpose::value, 2);
    read.confirmed(0, held(v1));
    read.found(0, held(v1));
    read.confirmed(1, held(v1));
    CHECK_FALSE(read.done());
    CHECK_FALSE(read.answered(1));
  }

  TEST_CASE("a majority that holds the same version is a value at once") {
    inquiry read(purpose::value, 2);
    read.found(0, held(v2));
    CHECK_FALSE(read.done());
    // The asker has this one: its value is not sent again.
    read.found(2, {v2, std::nullopt});
    CHECK(read.done());
    CHECK(read.round() == 1);
    CHECK_FALSE(read.confirming());
    check_best(read, v2);
    CHECK(read.holds_best(0));
    CHECK_FALSE(read.holds_best(1));
    CHECK(read.holds_best(2));
  }

  TEST_CASE("absent at a majority is an answer like any other") {
    for (const auto why : {purpose::version, purpose::value}) {
      inquiry asked(why, 2);
      asked.found(0, nothing);
      CHECK_FALSE(asked.done());
      asked.found(1, nothing);
      CHECK(asked.done());
      CHECK_FALSE(asked.best().stamp);
      CHECK_FALSE(asked.best().record);
    }
  }

  TEST_CASE("absent at one member is lower than any version") {
    for (const bool absent_first : {true, false}) {
      inquiry read(purpose::value, 2);
      read.found(0, absent_first ? nothing : held(v1));
      read.found(1, absent_first ? held(v1) : nothing);
      CHECK_FALSE(read.done());
      CHECK(read.confirming());
      check_best(read, v1);
      CHECK(read.holds_best(0) == !absent_first);
      CHECK(read.holds_best(1) == absent_first);
    }
  }

  TEST_CASE("a cluster of one has heard everybody") {
    inquiry read(purpose::value, 1);
    read.found(0, held(v1));
    CHECK(read.done());
    inquiry question(purpose::version, 1);
    question.found(0, nothing);
    CHECK(question.done());
  }

  TEST_CASE("the newest version of a minority has to be confirmed by as many as lack") {
    auto read = settled_on_v2();
    CHECK_FALSE(read.holds_best(0));
    CHECK(read.holds_best(1));
    CHECK_FALSE(read.holds_best(2));
    SUBCASE("by a member that held an older one") { read.confirmed(0, held(v2)); }
    SUBCASE("by a member that has not answered the question") { read.confirmed(2, held(v2)); }
    CHECK(read.done());
    CHECK(read.round() == 1);
    CHECK_FALSE(read.confirming());
    check_best(read, v2);
  }

  TEST_CASE("the member that held it confirms nothing new, and a repeated confirmation is one") {
    inquiry read(purpose::value, 3);
    for (const unsigned member : {0, 1}) read.found(member, held(v1));
    read.found(2, held(v2));
    REQUIRE(read.confirming());
    read.confirmed(2, held(v2));
    read.confirmed(3, held(v2));
    read.confirmed(3, held(v2));
    CHECK_FALSE(read.done());
    read.confirmed(4, held(v2));
    CHECK(read.done());
  }

  TEST_CASE("a late answer counts where it is exactly the version settled upon") {
    auto read = settled_on_v2();
    SUBCASE("the same") {
      read.found(2, held(v2));
      CHECK(read.done());
      check_best(read, v2);
    }
    SUBCASE("an older one, which so many have said that they hold: that will do") {
      read.found(2, held(v1));
      CHECK(read.done());
      check_best(read, v1);
    }
    SUBCASE("an older one whose value nobody sent, since this node has a newer one") {
      core::inquiry behind(core::inquiry::purpose::value, 2);
      behind.found(0, held(v2));
      behind.found(1, {v1, std::nullopt});
      REQUIRE(behind.confirming());
      behind.found(2, {v1, std::nullopt});
      CHECK_FALSE(behind.done());
    }
    SUBCASE("absent") {
      read.found(2, nothing);
      CHECK_FALSE(read.done());
    }
    SUBCASE("a newer one: it shows when the version is written back there") {
      read.found(2, held(v3));
      CHECK_FALSE(read.done());
      CHECK_FALSE(read.holds_best(2));
      CHECK(read.round() == 1);
      check_best(read, v2);
      read.confirmed(2, held(v3));
      CHECK(read.round() == 2);
      CHECK(read.best().stamp == v3);
    }
    SUBCASE("of a member that had answered with an older one and was asked again") {
      read.found(0, held(v2));
      CHECK(read.done());
    }
    SUBCASE("of the member that is counted already") {
      read.found(1, held(v2));
      CHECK_FALSE(read.done());
    }
  }

  TEST_CASE("a confirmation with something older is the answer of a member that did not take it") {
    auto read = settled_on_v2();
    read.confirmed(2, held(v1));
    read.confirmed(0, nothing);
    CHECK_FALSE(read.done());
    CHECK(read.round() == 1);
    CHECK_FALSE(read.holds_best(2));
    read.confirmed(2, held(v2));
    CHECK(read.done());
  }

  TEST_CASE("a confirmation with something newer makes a new round of it") {
    auto read = settled_on_v2();
    read.confirmed(2, held(v3));
    CHECK_FALSE(read.done());
    CHECK(read.confirming());
    CHECK(read.round() == 2);
    check_best(read, v3);
    CHECK_FALSE(read.holds_best(0));
    CHECK_FALSE(read.holds_best(1));
    CHECK(read.holds_best(2));

    SUBCASE("which needs its own majority") {
      read.confirmed(2, held(v3));
      CHECK_FALSE(read.done());
      read.confirmed(1, held(v3));
      CHECK(read.done());
      check_best(read, v3);
    }
    SUBCASE("in which what confirmed the round before counts for nothing") {
      read.confirmed(0, held(v2));
      read.confirmed(1, held(v2));
      CHECK_FALSE(read.done());
      CHECK(read.round() == 2);
      check_best(read, v3);
    }
    SUBCASE("in which late answers count if they are the new version") {
      read.found(0, held(v2));
      CHECK_FALSE(read.done());
      read.found(0, held(v3));
      CHECK(read.done());
    }
    SUBCASE("and there may be another") {
      const version v4{40, stamper};
      read.confirmed(0, held(v4));
      CHECK(read.round() == 3);
      CHECK_FALSE(read.holds_best(2));
      read.confirmed(2, held(v4));
      CHECK(read.done());
      check_best(read, v4);
    }
  }

  TEST_CASE("holders of the version before are forgotten with it, even if only one was missing") {
    inquiry read(purpose::value, 3);
    read.found(0, held(v2));
    read.found(1, held(v2));
    read.found(2, held(v1));
    REQUIRE(read.confirming());
    read.confirmed(3, held(v3));
    CHECK_FALSE(read.done());
    CHECK(read.round() == 2);
    for (const unsigned member : {0, 1, 2, 4}) CHECK_FALSE(read.holds_best(member));
    read.confirmed(4, held(v3));
    CHECK_FALSE(read.done());
    read.confirmed(2, held(v3));
    CHECK(read.done());
  }

  TEST_CASE("of five members three have to answer, and three to hold the newest of what they said") {
    inquiry read(purpose::value, 3);
    read.found(0, nothing);
    read.found(4, held(v1));
    CHECK(read.round() == 0);
    CHECK_FALSE(read.confirming());
    read.found(2, held(v2));
    CHECK(read.confirming());
    check_best(read, v2);
    read.found(3, held(v2));
    CHECK_FALSE(read.done());
    read.confirmed(0, held(v2));
    CHECK(read.done());
    CHECK(read.holds_best(0));
    CHECK_FALSE(read.holds_best(1));
    CHECK(read.holds_best(2));
    CHECK(read.holds_best(3));
    CHECK_FALSE(read.holds_best(4));

    inquiry question(purpose::version, 3);
    question.found(1, held(v1));
    question.found(1, held(v1));
    question.found(3, held(v3));
    CHECK_FALSE(question.done());
    question.found(4, nothing);
    CHECK(question.done());
    CHECK(question.best().stamp == v3);
  }

  TEST_CASE("the member with the highest number is counted like the others") {
    inquiry read(purpose::value, 2);
    read.found(31, held(v1));
    read.found(0, held(v1));
    CHECK(read.done());
    CHECK(read.holds_best(31));
  }
}
