// All pages of List, one record at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "net/client.hpp"

namespace quorate::cli {

/// Calls `take` for up to `count_max` records (0 = all), in (namespace, title) order; stops early when it answers
/// false. Ends with the first call that failed, else done.
net::call_result for_each_record(net::client& client, const std::optional<std::string>& name_space,
                                 std::uint64_t count_max,
                                 const std::function<bool(const v1::MemoryRecord& record)>& take);

}  // namespace quorate::cli
