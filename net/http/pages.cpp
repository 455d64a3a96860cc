#include "net/http/pages.hpp"

#include <algorithm>

#include "memory/timestamp.hpp"
#include "proto/limits.hpp"

namespace quorate::net::http {
namespace {

bool same_instant(const v1::MemoryRecord& one, const v1::MemoryRecord& other) {
  return memory::parse_timestamp(one.updated_at()) == memory::parse_timestamp(other.updated_at());
}

/// How many of the page's records have the instant of `last`, from its beginning.
int leading_of_instant(const v1::ListReply& page, const v1::MemoryRecord& last) {
  int count = 0;
  while (count < page.memories_size() && same_instant(page.memories(count), last)) ++count;
  return count;
}

/// Appends the records that follow and are as old as the last one.
call_result complete_instant(client& node, v1::ListRequest& request, std::size_t bytes, v1::ListReply* listed) {
  call_result result;
  for (bool ended = false; !ended && !listed->next_cursor().empty() && bytes < answer_bytes_max;) {
    request.set_limit(limits::page_items_max);
    request.set_cursor(listed->next_cursor());
    v1::ListReply page;
    if (result = node.list(request, &page); !result.ok()) return result;
    const int same = leading_of_instant(page, listed->memories(listed->memories_size() - 1));
    ended = same < page.memories_size();
    if (ended) {
      if (same == 0) break;
      // Once more, up to where the instant ends: a cursor stands behind a page only.
      request.set_limit(static_cast<std::uint32_t>(same));
      page.Clear();
      if (result = node.list(request, &page); !result.ok()) return result;
    }
    bytes += page.ByteSizeLong();
    for (auto& record : *page.mutable_memories()) *listed->add_memories() = std::move(record);
    listed->set_next_cursor(page.next_cursor());
  }
  return result;
}

}  // namespace

call_result list_up_to(client& node, v1::ListRequest&& request, std::uint32_t limit, v1::ListReply* listed,
                       bool whole_instants) {
  call_result result;
  std::size_t bytes = 0;
  auto left = limit;
  while (left > 0) {
    request.set_limit(std::min<std::uint32_t>(left, limits::page_items_max));
    v1::ListReply page;
    if (result = node.list(request, &page); !result.ok()) return result;
    bytes += page.ByteSizeLong();
    left -= std::min(left, static_cast<std::uint32_t>(page.memories_size()));
    for (auto& record : *page.mutable_memories()) *listed->add_memories() = std::move(record);
    listed->set_next_cursor(page.next_cursor());
    if (page.next_cursor().empty()) return result;
    request.clear_offset();
    request.set_cursor(page.next_cursor());
    if (bytes >= answer_bytes_max) break;
  }
  if (!whole_instants || listed->memories().empty()) return result;
  return complete_instant(node, request, bytes, listed);
}

call_result list_all(client& node, v1::ListRequest&& request,
                     const std::function<bool(const v1::MemoryRecord&)>& each) {
  request.set_limit(limits::page_items_max);
  for (;;) {
    v1::ListReply page;
    const auto result = node.list(request, &page);
    if (!result.ok()) return result;
    for (const auto& record : page.memories())
      if (!each(record)) return result;
    if (page.next_cursor().empty()) return result;
    request.set_cursor(page.next_cursor());
  }
}

call_result list_all_links(client& node, const std::string& session,
                           const std::function<bool(const v1::LinkRecord&)>& each) {
  v1::ListLinksRequest request;
  request.set_session(session);
  for (;;) {
    v1::ListLinksReply page;
    const auto result = node.call(request, &page);
    if (!result.ok()) return result;
    for (const auto& link : page.links())
      if (!each(link)) return result;
    if (page.next_cursor().empty()) return result;
    request.set_cursor(page.next_cursor());
  }
}

}  // namespace quorate::net::http
