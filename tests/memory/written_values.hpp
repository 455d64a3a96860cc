// What every plan of these tests must keep: whoever else gets its changes can read them.
#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "memory/stored_value.hpp"

namespace quorate::memory::tests {

inline void check_written(const std::vector<mutation>& changes) {
  for (const auto& change : changes) {
    const auto checked = check_value(change);
    CHECK_MESSAGE(checked.ok(), checked.message());
    if (!change.deleted) CHECK(is_readable(change.key, {{}, false, change.alias, change.value}));
  }
}

}  // namespace quorate::memory::tests
