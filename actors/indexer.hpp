// indexer: keeps the index of words (context.words) equal to the records of the store.
//
// One per node, supervised; on its own thread, as it reads from disk. Idle until somebody wants the index. Then it
// reads all records, page by page, and from there on follows the logs: an entry only says which keys changed, what they
// are now the store says, so it does not matter in which order logs are read or which of two writes won. One page or
// one stretch of each log a message, so that it can be stopped between any two. Values that are no records are not
// indexed. A store that cannot be read ends the node (context.fail). If it dies it builds the index anew; searches
// wait.
#pragma once

#include <set>
#include <string>
#include <unordered_set>

#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"

namespace quorate {

struct indexer_state {
  static constexpr const char* name = "indexer";

  node_context* context = nullptr;

  /// One step. Whether there is more to do.
  result<bool> on_wake();

 private:
  enum class phase { idle, reading_uses, reading, following };

  result<bool> read_uses();
  result<bool> read_page();
  /// Takes a new target unless the last one is not covered yet.
  void aim();
  result<bool> follow();
  struct changed_keys {
    std::set<std::string> records;   ///< keys
    std::set<std::string> used_ids;  ///< of records that were used
  };
  status follow_log(const log_position& upto, changed_keys* changed);
  status index(const changed_keys& changed);
  status index(const std::string& key, const stored_record& stored, memory::index_changes* changes);
  void step_over(const std::string& key, memory::index_changes* changes);
  /// A stored record as readers see it. errc::unreadable when it is none.
  result<v1::MemoryRecord> present(const record_key& key, const stored_record& stored) const;

  phase phase_ = phase::idle;
  std::string cursor_;                        ///< while reading: the last key read
  std::unordered_set<std::string> used_ids_;  ///< of all records ever used: only these are asked for their use
  core::log_vector covered_;                  ///< by what was read
  core::log_vector target_;                   ///< what is to be covered next, whatever comes meanwhile
  std::uint64_t target_change_ = 0;           ///< the change of the board's vector that it is of
  std::int64_t began_us_ = 0;
  std::uint64_t records_read_ = 0;
  bool unreadable_told_ = false;  ///< once: whoever can send such a row can send many
};

caf::behavior indexer_behavior(caf::stateful_actor<indexer_state>* self, node_context* context);

}  // namespace quorate
