// Moves all rows of a source to a target, and proves it.
//
// One call. A thread reads ahead, and a few batches are written at a time if the target takes them, so memory is a few
// batches whatever the size of the stores; they are counted and remembered in the order in which they were read.
// Repeating a migration does no harm and writes only what is not there yet.
#pragma once

#include <functional>
#include <string>

#include "cli/migrate/checkpoint.hpp"
#include "cli/migrate/report.hpp"
#include "cli/migrate/row_store.hpp"

namespace quorate::cli::migrate {

struct migration_options {
  std::size_t batch_rows = 500;
  std::string name_space;  ///< only this one; then neither links nor subscriptions. Empty = all
  bool resume = false;
  bool verify = false;  ///< reads back what was written, batch by batch, and compares
};

struct migration_progress {
  const report& done;
  std::uint64_t rows_about = 0;  ///< in all; 0 = not known
};

/// Without a target it only reads. On error what was written stays, and the checkpoint says how far that is.
/// `done` is filled in either case.
status migrate(row_source& source, row_target* target, const checkpoint_file& file, const migration_options& options,
               const std::function<void(const migration_progress&)>& show, report* done);

}  // namespace quorate::cli::migrate
