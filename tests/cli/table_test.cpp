#include "cli/table.hpp"

#include <doctest/doctest.h>

#include <sstream>

using quorate::cli::table;

TEST_SUITE("cli.table") {
  TEST_CASE("columns are aligned by characters and line ends carry no blanks") {
    table rows({"A", "B"});
    rows.add({"größe", "1"});
    rows.add({"x", ""});
    std::ostringstream out;
    rows.print(out, 0);
    CHECK(out.str() == "A      B\ngröße  1\nx\n");
  }

  TEST_CASE("the widest columns are cut until a line fits the terminal") {
    table rows({"ID", "TITLE"});
    rows.add({"12345678", std::string(60, 't')});
    std::ostringstream out;
    rows.print(out, 30);
    CHECK(out.str() == "ID        TITLE\n12345678  " + std::string(19, 't') + "…\n");
  }

  TEST_CASE("a line break in a cell does not break the table") {
    table rows({"A"});
    rows.add({"one\ntwo\tthree"});
    std::ostringstream out;
    rows.print(out, 0);
    CHECK(out.str() == "A\none two three\n");
  }
}
