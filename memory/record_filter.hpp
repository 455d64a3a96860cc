// Which records a search is about, and what of a record decides it.
//
// Values and pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/status.hpp"

// Named only: this header is everywhere, and those of messages are long.
namespace quorate::v1 {
enum Tier : int;
class MemoryRecord;
class RecordFilter;
}  // namespace quorate::v1

namespace quorate::memory {

struct record_filter {
  std::optional<std::string> name_space;
  bool with_ancestors = false;  ///< of `name_space`, at a discount
  v1::Tier tier{};              ///< TIER_UNSPECIFIED = any
  std::optional<int> min_priority;
  std::optional<std::int64_t> since_ms;  ///< of created_at
  std::optional<std::int64_t> until_ms;
  std::optional<std::string> tag;
  std::optional<std::string> agent_id;
  std::string as_agent;     ///< only what it may see; empty = everything
  std::int64_t now_ms = 0;  ///< what has expired by then is left out
};

/// Checks a request's filter. An invalid_argument names its field.
result<record_filter> filter_of(const v1::RecordFilter& request, const std::string& as_agent, std::int64_t now_ms);

/// What the metadata of a record say of it.
struct record_claims {
  std::string agent_id;
  std::string scope;  ///< empty = none
};
record_claims claims_of(const v1::MemoryRecord& record);

/// The factor for a record's namespace: 1 for the one asked for (or when none is), 1 / (1 + 0.3 k) for one that is k
/// levels above, 0 when it does not qualify.
double namespace_discount(const record_filter& filter, std::string_view name_space);

/// Whether a record, as a reader sees it, passes. Its expiry included.
bool passes(const record_filter& filter, const v1::MemoryRecord& presented);

}  // namespace quorate::memory
