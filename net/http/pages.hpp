// Longer lists than one call answers, put together from its pages.
//
// Any thread; waits for the node.
#pragma once

#include <cstdint>
#include <functional>

#include "net/client.hpp"

namespace quorate::net::http {

/// So many bytes of records are put into one answer at most; what is left has a cursor.
inline constexpr std::size_t answer_bytes_max = 8u << 20;

/// Appends up to `limit` records to `listed` and leaves the cursor of what follows there. `whole_instants`: goes on
/// while the records have the same updated_at, for readers that ask for what is later than the last.
call_result list_up_to(client& node, v1::ListRequest&& request, std::uint32_t limit, v1::ListReply* listed,
                       bool whole_instants = false);

/// Hands every record to `each`, page by page, until it says false.
call_result list_all(client& node, v1::ListRequest&& request, const std::function<bool(const v1::MemoryRecord&)>& each);
call_result list_all_links(client& node, const std::string& session,
                           const std::function<bool(const v1::LinkRecord&)>& each);

}  // namespace quorate::net::http
