// All pages of a listing, one item at a time.
//
// Plain loops over the client, on the caller's thread. They end with the first call that failed, else done; a node
// that answers a cursor that leads nowhere is such a failure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "net/client.hpp"

namespace quorate::cli {

/// Calls `take` for up to `count_max` records (0 = all) that `request` asks for, in its order; stops early when it
/// answers false.
net::call_result for_each_record(net::client& client, v1::ListRequest request, std::uint64_t count_max,
                                 const std::function<bool(const v1::MemoryRecord& record)>& take);

/// The same for the links of a record, or all links when `id` is empty.
net::call_result for_each_link(net::client& client, const std::string& id,
                               const std::function<bool(const v1::LinkRecord& link)>& take);

}  // namespace quorate::cli
