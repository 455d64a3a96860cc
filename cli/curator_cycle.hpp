// One round of a curator: reads some records, does what memory/curator.hpp finds, says what it did.
//
// Owned by the verb, one thread, over the client. Before anything is changed the record as it is goes to the log
// (memory/curator_log.hpp), so every act can be taken back. An act is made over what a quorum read has just shown and
// left out when that is not what was scanned. Each act can be repeated, by this or another curator, without harm.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/llm_client.hpp"
#include "memory/curator_log.hpp"
#include "net/client.hpp"

namespace quorate::cli {

struct curator_settings {
  bool dry_run = false;
  std::uint64_t max_ops = 100;
  std::vector<std::string> include, exclude;  ///< namespaces
  std::string caller;
};

/// In a dry run the numbers say what would have been done.
struct curator_report {
  std::string started_at, completed_at;
  std::int64_t cycle_duration_ms = 0;
  std::uint64_t memories_scanned = 0, memories_eligible = 0, auto_tagged = 0, contradictions_found = 0;
  std::uint64_t operations_attempted = 0, operations_skipped_cap = 0;
  std::uint64_t clusters_formed = 0, memories_consolidated = 0, memories_forgotten = 0, priority_adjustments = 0;
  std::uint64_t rollback_entries_written = 0;
  std::vector<std::string> autonomy_errors, errors;
  bool dry_run = false;
  bool truncated = false;               ///< there was more to scan: the next cycle goes on there
  std::uint64_t changed_meanwhile = 0;  ///< acts left out because a record was not as scanned any more
  std::uint64_t too_large = 0;          ///< acts left out because what they would write does not fit a record
  std::uint64_t governed = 0;           ///< acts left out because the namespace's standard restricts deletion
};
nlohmann::ordered_json json_of(const curator_report& report);

class curator_cycle {
 public:
  /// `may_act` is asked before each act: false ends the cycle. `model` may be null.
  curator_cycle(net::client& client, const curator_settings& settings, llm_client* model,
                std::function<std::int64_t()> now_ms, std::function<bool()> may_act);

  /// `position`: where the scan begins (empty = at the beginning), then where the next one should. A call that failed
  /// ends the cycle: the report says what was done until then.
  curator_report run(std::string* position);

 private:
  enum class ending : std::uint8_t { done, left_out, failed };

  bool scan(std::string* position);
  bool wanted(const v1::MemoryRecord& record) const;
  void consolidate_alike();
  void consolidate(const std::vector<std::size_t>& cluster);
  void forget_superseded();
  void adjust_priorities();
  void ask_model();
  void annotate(const v1::MemoryRecord& record);
  bool may_begin();
  bool refresh(v1::MemoryRecord* record, std::vector<v1::LinkRecord>* links);
  bool restricts_deletion(const std::string& name_space);
  bool write_down(const memory::curator_act& act);
  ending settle(const net::call_result& result, const std::string& what);

  net::client& client_;
  const curator_settings& settings_;
  llm_client* model_;
  const std::function<std::int64_t()> now_ms_;
  const std::function<bool()> may_act_;
  curator_report report_;
  bool stopped_ = false;
  std::vector<v1::MemoryRecord> records_;
  std::set<std::string> gone_;  ///< ids this cycle has deleted
};

}  // namespace quorate::cli
