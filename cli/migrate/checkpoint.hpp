// How far a migration is, in a file, so that one that was killed goes on where it was.
//
// One JSON object in the user's state directory, named after the two URLs; replaced after each batch, removed at the
// end. It is not synced, while the target is before it is written: after a loss of power it may say less than was
// done, which only repeats work.
//
// That the target is the one it was is not only a matter of its name, which a new store in its place may have too: some
// of the rows that were moved are remembered, and looked for before anything is skipped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/migrate/report.hpp"
#include "proto/status.hpp"

namespace quorate::cli::migrate {

/// A row that the target had as it was read.
struct moved_row {
  std::string identity;  ///< row_identity.hpp
  std::string hash;      ///< of its content
};

/// Moved rows, from the first to the last, about evenly spaced: never more than twice `half`.
class moved_sample {
 public:
  void add(moved_row row);
  const std::vector<moved_row>& rows() const { return rows_; }

 private:
  static constexpr std::size_t half = 32;
  std::vector<moved_row> rows_;
  std::size_t step_ = 1;     ///< of so many that are offered one is kept
  std::size_t skipped_ = 0;  ///< since the last that was kept; the last one offered is always there
};

struct checkpoint {
  std::string source;    ///< fingerprint
  std::string target;    ///< identity
  std::string position;  ///< continues after it
  moved_sample sample;
  std::string owed;  ///< what the target has yet to make sure of
  report done;       ///< by then
};

class checkpoint_file {
 public:
  /// `from` and `to` are the URLs as given; neither is written anywhere.
  checkpoint_file(const std::string& from, const std::string& to);

  /// Nothing when there is none, or none that can be read.
  std::optional<checkpoint> read() const;
  status write(const checkpoint& now) const;
  void remove() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace quorate::cli::migrate
