#include "cli/listing.hpp"

#include <algorithm>

#include "proto/limits.hpp"
#include "proto/status.hpp"

namespace quorate::cli {
namespace {

/// A node that answers the same page again and again must not keep us for ever.
net::call_result stuck_listing(net::call_result result) {
  result.outcome = net::call_outcome::rejected;
  result.reason = name_of(errc::internal);
  result.message = "the node answered a cursor that leads nowhere";
  return result;
}

}  // namespace

net::call_result for_each_record(net::client& client, v1::ListRequest request, std::uint64_t count_max,
                                 const std::function<bool(const v1::MemoryRecord& record)>& take) {
  std::uint64_t taken = 0;
  while (true) {
    const auto left = count_max == 0 ? limits::page_items_max : count_max - taken;
    request.set_limit(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, limits::page_items_max)));
    v1::ListReply page;
    auto result = client.list(request, &page);
    if (!result.ok()) return result;
    for (const auto& record : page.memories()) {
      if (!take(record)) return result;
      if (++taken == count_max) return result;
    }
    if (page.next_cursor().empty()) return result;
    if (page.next_cursor() == request.cursor()) return stuck_listing(result);
    request.set_cursor(page.next_cursor());
    request.clear_offset();
  }
}

net::call_result for_each_link(net::client& client, const std::string& id,
                               const std::function<bool(const v1::LinkRecord& link)>& take) {
  v1::ListLinksRequest request;
  request.set_id(id);
  while (true) {
    v1::ListLinksReply page;
    auto result = client.call(request, &page);
    if (!result.ok()) return result;
    for (const auto& link : page.links())
      if (!take(link)) return result;
    if (page.next_cursor().empty()) return result;
    if (page.next_cursor() == request.cursor()) return stuck_listing(result);
    request.set_cursor(page.next_cursor());
  }
}

}  // namespace quorate::cli
