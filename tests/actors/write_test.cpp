// Writes through a node: how many copies, which answer, and when.
#include <doctest/doctest.h>

#include "tests/support/test_cluster.hpp"

using namespace quorate;
using namespace quorate::testing;

TEST_SUITE("actors.write") {
  TEST_CASE("a write through any node is answered with a quorum of copies and reaches every node") {
    cluster nodes;
    for (const std::string name : {"a", "b", "c"}) {
      CAPTURE(name);
      const auto done = write(nodes[name].api(), "key of " + name, "value of " + name);
      CHECK(done.answer.outcome.code() == errc::ok);
      CHECK(done.answer.copies >= 2);
      CHECK(done.answer.copies_needed == 2);
      CHECK(nodes.everywhere("key of " + name, "value of " + name));
    }
    CHECK(nodes.equal());
    CHECK(nodes["a"].digest().records() == 3);
  }
}
