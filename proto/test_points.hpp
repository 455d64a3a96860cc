// Points in the code that only the simulator uses: wrong behaviours it can switch on, marks it must come past, instants
// at which it can strike. In ordinary builds they are nothing: constants the compiler removes.
//
// The simulator compiles the actors and machines a second time with QUORATE_TEST_POINTS. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace quorate {

enum class planted_bug : std::uint8_t {
  none,
#define QUORATE_PLANTED_BUG(name, promise, what) name,
#include "proto/planted_bugs.def"
#undef QUORATE_PLANTED_BUG
};

enum class mark : std::uint8_t {
#define QUORATE_MARK(name) name,
#include "proto/marks.def"
#undef QUORATE_MARK
  count_
};

enum class kill_point : std::uint8_t {
#define QUORATE_KILL_POINT(name) name,
#include "proto/kill_points.def"
#undef QUORATE_KILL_POINT
  count_
};

#ifdef QUORATE_TEST_POINTS

struct test_points {
  planted_bug planted = planted_bug::none;
  std::array<std::uint64_t, static_cast<std::size_t>(mark::count_)> reached{};
  std::function<void(kill_point)> at;  ///< may throw, or let time pass
  std::uint64_t unix_ms = 0;           ///< roughly; for planted bugs that go by time
};
inline test_points points;

inline bool planted(planted_bug bug) { return points.planted == bug; }
inline void reached(mark m) { ++points.reached[static_cast<std::size_t>(m)]; }
inline std::uint64_t points_unix_ms() { return points.unix_ms; }
inline void pass(kill_point p) {
  if (points.at) points.at(p);
}

#else

constexpr bool planted(planted_bug) { return false; }
constexpr void reached(mark) {}
constexpr std::uint64_t points_unix_ms() { return 0; }
constexpr void pass(kill_point) {}

#endif

}  // namespace quorate
