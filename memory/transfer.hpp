// Whole rows in and out of a store (proto/quorate/v1/transfer.proto): what the import of one changes, what is there of
// one, and a walk over all that are there.
//
// A row is moved as it is: nothing is merged, no standard judges it. Rows are what a reader sees: a record with its
// use, a subscription with its deliveries, a link only while both of its ends are there. An import writes what a reader
// then sees as that row.
//
// Plans as those of memory/operations.hpp; reads through the reader given, errors are its own. A row whose value is
// none of its kind (memory/stored_value.hpp) is not there for an import or a look, and told beside the rows of an
// export.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memory/links.hpp"
#include "memory/operations.hpp"
#include "memory/transfer_row.hpp"
#include "proto/record.hpp"
#include "quorate/v1/transfer.pb.h"

namespace quorate::memory {

/// Checks a row that is to be imported, so that it always fits an entry; the first broken rule is an invalid_argument
/// that names the field. A memory keeps the rules of a full record (memory/validation.hpp) but must have an id and say
/// when it was made; one that is long and has an expiry is refused: it would be another one here. What is in no
/// export (versions, counters of a node, fields of another release) is dropped.
result<v1::TransferRow> prepare_row(v1::TransferRow&& row);

enum class import_outcome : std::uint8_t {
  written,
  unchanged,  ///< it is there as it is, or as near to it as the uses counted here let it be
  kept,       ///< what is there is later
};

struct planned_import : planned_write {
  import_outcome outcome = import_outcome::written;
};

/// `prepared` comes from `prepare_row`. No mutations unless the outcome is `written`. A memory whose id is there under
/// another name moves; errc::already_exists when another id holds its name. It goes on with the life that is there, so
/// that its links hold; where this life was used more often than the row says, the uses counted here show.
/// errc::not_found for a link of which an end is not there.
result<planned_import> plan_import_row(const record_reader& now, const v1::TransferRow& prepared, const version& stamp);

/// The keys that plan may change.
std::vector<record_key> keys_of_import(const record_reader& now, const v1::TransferRow& prepared);

/// What is there of the row with this identity; nothing for one that no row can have. Of `identity`, which is set, only
/// what identifies it is looked at.
result<std::optional<v1::TransferRow>> read_row(const record_reader& now, const v1::TransferRow& identity);

/// All rows, table after table in the order of `all_tables`, each in the order of its keys, no identity twice: of
/// records that share an id the latest, which is what that id names to readers; the others are told beside the rows.
/// Holds a page at a time. One thread; the reader outlives it.
class export_walk {
 public:
  explicit export_walk(const record_reader& now) : now_(now), links_(now) {}

  /// Goes on behind the cursor of a piece; empty = from the start. An invalid_argument for any other text.
  status start_after(std::string_view cursor);

  /// The next rows, about 256 KiB and at most 500 of them; none at times, where many do not show. Nothing at the end.
  result<std::optional<v1::ExportPiece>> next();

 private:
  status add(table which, const record_key& key, const stored_record& stored, v1::ExportPiece* piece);
  status show(v1::MemoryRecord* record);

  const record_reader& now_;
  link_reader links_;
  std::size_t table_ = 0;  ///< index in all_tables
  std::string after_;      ///< key bytes in that table to go on behind
  std::optional<bool> any_use_;
};

}  // namespace quorate::memory
