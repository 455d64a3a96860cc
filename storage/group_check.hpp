// What store.hpp asks of its callers, checked before anything is done: the same by every store.
//
// Pure functions, any thread. errc::internal names what is broken, because nothing that a client or a peer sends comes
// here unchecked. What passes can be stored and read back as it is.
#pragma once

#include <functional>
#include <map>

#include "storage/store.hpp"

namespace quorate::storage {

inline constexpr std::uint64_t epoch_max = ~std::uint64_t{0};

/// What the numbers and lengths of stored rows can hold: kinds, keys, aliases, counts of a group.
status check_sizes(const write_group& group);

/// Every entry follows the end of its log, in the order of the group, and the positions are the ends that come of it.
/// `end_of` is asked once for each log; 0 = the log does not exist.
status check_entries(const write_group& group, const std::function<sequence_number(const log_id&)>& end_of);

/// What read_log asks of its caller.
status check_first(sequence_number first);

/// The bound on the clock never goes back.
status check_clock_bound(const write_group& group, std::uint64_t held);

}  // namespace quorate::storage
