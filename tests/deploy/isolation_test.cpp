// A network that can only cut nodes off makes single cuts into that, or says which ones it cannot do.
#include "chaos/drill/isolation.hpp"

#include <doctest/doctest.h>

using quorate::chaos::isolation;
using names = std::set<std::string>;

TEST_CASE("isolation: a node is cut off with the last cut around it, and not before") {
  isolation cuts({"a", "b", "c"});
  cuts.cut("a", "b");
  cuts.cut("b", "a");
  cuts.cut("a", "c");
  CHECK(cuts.cut_off().empty());
  cuts.cut("c", "a");
  CHECK(cuts.cut_off() == names{"a"});
  CHECK(cuts.one_way_cuts().empty());
}

TEST_CASE("isolation: with two nodes cut off the third is alone too") {
  isolation cuts({"a", "b", "c"});
  for (const auto* other : {"b", "c"}) {
    cuts.cut("a", other);
    cuts.cut(other, "a");
  }
  cuts.cut("b", "c");
  CHECK(cuts.cut_off() == names{"a"});
  CHECK(cuts.one_way_cuts() == "b->c");
  cuts.cut("c", "b");
  CHECK(cuts.cut_off() == names{"a", "b", "c"});
  CHECK(cuts.one_way_cuts().empty());
}

TEST_CASE("isolation: one direction alone is named, until it is healed") {
  isolation cuts({"a", "b", "c"});
  cuts.cut("a", "b");
  cuts.cut("a", "c");
  CHECK(cuts.cut_off().empty());
  CHECK(cuts.one_way_cuts() == "a->b, a->c");
  cuts.heal();
  CHECK(cuts.one_way_cuts().empty());
}
