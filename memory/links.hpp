// Links between two records: which there are, which show, and what a new one or the end of a record changes.
//
// A link holds between two lives of its ends. Whoever deletes a record deletes its links with it; one that came into
// being on another node meanwhile stays in the store but shows no more, not even when the name is used again.
//
// Functions only; reads through the reader given, errors are its own, or corruption for a value that is no link.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory/operations.hpp"
#include "proto/record.hpp"
#include "quorate/v1/curation.pb.h"

namespace quorate::memory {

/// The relations a link may have: those of v1::Relation, lower case, without the prefix.
std::span<const std::string> relation_names();
/// One of them, or an invalid_argument of field "relation".
status validate_relation(std::string_view relation);

/// source, a zero byte, target, a zero byte, relation.
record_key link_key(std::string_view source_id, std::string_view target_id, std::string_view relation);

/// The change that makes a link between two records.
mutation put_link(const v1::MemoryRecord& source, const v1::MemoryRecord& target, std::string_view relation,
                  const std::string& created_at);

/// Validates the request. not_found unless both ends are live. `created` is false when the link was there; it keeps
/// its time then.
result<planned_write> plan_link(const record_reader& now, const v1::LinkRequest& request, std::int64_t now_ms);

/// Links of which both ends are live. Remembers the ends it has looked up, some thousands of them: made for one call.
class link_reader {
 public:
  explicit link_reader(const record_reader& now) : now_(now) {}

  /// Those of which the record of this id is one end: first those it is the source of.
  result<std::vector<v1::LinkRecord>> of(std::string_view id);
  /// Validates the request; a page.
  result<v1::ListLinksReply> list(const v1::ListLinksRequest& request);
  /// Whether a stored link shows.
  result<bool> shows(const v1::LinkRecord& link);

 private:
  struct page;
  status add(const record_key& key, const stored_record& stored, page* out);
  status list_all(page* out);
  status list_sources(std::string_view id, page* out);
  status list_targets(std::string_view id, page* out);
  result<bool> holds(const std::string& id, std::uint64_t life);

  const record_reader& now_;
  std::map<std::string, std::optional<std::uint64_t>, std::less<>> lives_;
};

/// What goes with a record that is deleted: its links, and the standards it stands for. `links_max`: so many links at
/// most, so that all fits one entry; more of them stay, and show no more.
inline constexpr std::size_t cascade_links_max = 500;
status plan_cascade(const record_reader& now, std::string_view id, std::size_t links_max,
                    std::vector<mutation>* changes);

}  // namespace quorate::memory
