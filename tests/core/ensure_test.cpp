#include "proto/ensure.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "actors/core/hybrid_clock.hpp"
#include "actors/core/log_vector.hpp"
#include "actors/core/quorum.hpp"
#include "proto/status.hpp"

using namespace quorate;

namespace {

void throw_what(const char* what, const char* file, unsigned) {
  throw std::logic_error(std::string(what) + " in " + file);
}

/// While it lives, a broken condition throws instead of ending the tests.
struct throwing {
  broken_handler before = on_broken(throw_what);
  ~throwing() { on_broken(before); }
};

}  // namespace

TEST_SUITE("core.ensure") {
  TEST_CASE("a condition that holds costs nothing, and one that does not says what and where") {
    const throwing here;
    CHECK_NOTHROW(ensure(true, "never"));
    std::string said;
    try {
      ensure(false, "the reason");
    } catch (const std::logic_error& e) {
      said = e.what();
    }
    CHECK(said.starts_with("the reason in "));
    CHECK(said.find("ensure_test.cpp") != std::string::npos);
  }

  TEST_CASE("what would lose or misreport data ends the process before it is acknowledged") {
    const throwing here;
    core::log_vector vector({{{node_id{1}, 7}, 3}});
    CHECK_THROWS(vector.advance({node_id{1}, 7}, 5));
    CHECK_THROWS(vector.advance({node_id{1}, 7}, 3));
    core::quorum_table<int> writes;
    core::quorum_table<int>::decisions decided;
    writes.begin({node_id{1}, 7}, 5, {1, node_id{1}}, 2, 100, 1);
    CHECK_THROWS(writes.begin({node_id{1}, 7}, 4, {1, node_id{1}}, 2, 100, 2));
    CHECK_THROWS(writes.begin({node_id{1}, 7}, 6, {1, node_id{1}}, 0, 100, 2));
    CHECK_THROWS(writes.acked({node_id{1}, 7}, 32, 5, 5, {}, decided));
    core::hybrid_clock clock(~std::uint64_t{0});
    CHECK_THROWS(clock.next(0));
    const result<int> failed(status(errc::not_found, "nothing"));
    CHECK_THROWS(static_cast<void>(*failed));
    CHECK_THROWS(result<int>(status()));
  }
}
