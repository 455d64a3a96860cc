// What a curator writes down before it changes something, so that it can be taken back: the records as they were,
// whole.
//
// Functions only. An entry is the JSON content of a record in the namespace `_curator/rollback`; its title follows from
// what is done, so that two curators that do the same write one entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/status.hpp"
#include "quorate/v1/curation.pb.h"

namespace quorate::memory {

inline constexpr const char* curator_log_namespace = "_curator/rollback";
inline constexpr const char* curator_report_namespace = "_curator/reports";

/// One act of a curator.
struct curator_act {
  enum class kind : std::uint8_t {
    consolidate,  ///< `records` became one, under `merged_name`
    forget,       ///< `records` (one) was deleted
    priority,     ///< that of `records` (one) became `priority`
    annotate,     ///< the metadata of `records` (one) became `metadata`
  };
  kind what = kind::forget;
  std::string at;                         ///< RFC 3339
  std::vector<v1::MemoryRecord> records;  ///< as they were
  std::vector<v1::LinkRecord> links;      ///< that went with them
  std::string merged_name;                ///< title of the new record, in the namespace of the old ones
  std::string merged_content;
  std::int32_t priority = 0;
  std::string metadata;  ///< compact JSON object
};

/// "consolidate", "forget", "priority", "annotate".
std::string_view name_of(curator_act::kind what);

/// The title of its entry. `now_ms` counts for a priority only: one record has one such entry in 7 days.
std::string title_of(const curator_act& act, std::int64_t now_ms);

std::string to_json(const curator_act& act);
/// invalid_argument when it is none.
result<curator_act> act_from_json(std::string_view text);

}  // namespace quorate::memory
