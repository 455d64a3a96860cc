// The two ends of a migration: a store that rows are read from, a store that rows are written to.
//
// Made for one migration. A source is used on one thread, a target on as many others as it says. Errors are one line
// for a person and end the migration; what is wrong with one row is said in that row's result and ends nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memory/transfer_row.hpp"
#include "proto/status.hpp"

namespace quorate::cli::migrate {

/// A row that is there but is none of ours.
struct unreadable_row {
  std::string line;        ///< which, and why
  std::string name_space;  ///< empty: not known
};

/// Rows of one table.
struct row_batch {
  memory::table of = memory::table::memories;
  std::vector<v1::TransferRow> rows;
  std::vector<unreadable_row> unreadable;
  std::vector<std::string> remarks;  ///< a line for each row that is not taken as it is written
  std::string position;              ///< continues after these rows
};

class row_source {
 public:
  virtual ~row_source() = default;
  /// All rows as they are at one instant, table after table in the order of memory::all_tables, at most `rows_max` at a
  /// time, no identity twice; nothing at the end.
  virtual result<std::optional<row_batch>> next(std::size_t rows_max) = 0;
  /// Continues there; before the first `next`.
  virtual void continue_after(std::string position) = 0;
  /// What is there, for a resumed migration: the same only while nothing was changed.
  virtual result<std::string> fingerprint() = 0;
  /// About how many rows there are, for the progress shown.
  virtual std::uint64_t rows_about() = 0;
};

enum class row_end : std::uint8_t {
  written,
  unchanged,  ///< it was there as it is
  kept,       ///< what is there is later, and stays
  failed,
};

struct row_result {
  row_end end = row_end::written;
  std::string why;           ///< of a failed row
  bool for_another = false;  ///< of a failed row: because of what another row says, which may be on its way
};

class row_target {
 public:
  virtual ~row_target() = default;
  /// Writes rows of one table; one result each, in that order. On return they are as durable as the target makes them;
  /// on error any of them may have been written, and writing them again does no harm.
  virtual result<std::vector<row_result>> write(const std::vector<v1::TransferRow>& rows) = 0;
  /// How many calls of `write` and `fetch` there may be at a time, each on a thread of its own.
  virtual std::size_t writes_at_once() const { return 1; }
  /// Those of these rows that are there, by identity, as they are there.
  virtual result<std::vector<v1::TransferRow>> fetch(const std::vector<v1::TransferRow>& rows) = 0;
  /// How long what was acknowledged may take to be in the answer of `fetch`.
  virtual std::chrono::milliseconds catches_up_within() const { return {}; }
  /// Which store it is: another one in its place has another name.
  virtual result<std::string> identity() = 0;
  /// After all was written: everything that was found or written is as safe as the target keeps what it acknowledges.
  virtual status finish() { return {}; }
  /// What `finish` has yet to make sure of, as a text for a run that goes on later. Also while others write.
  virtual std::string owed() const { return {}; }
  /// Has `finish` make sure of that, too. False: it cannot be read.
  virtual bool take_over(const std::string& owed) { return owed.empty(); }
  /// Things a person should know, after all was written.
  virtual std::vector<std::string> remarks() { return {}; }
};

}  // namespace quorate::cli::migrate
