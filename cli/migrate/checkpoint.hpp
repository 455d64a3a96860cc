// How far a migration is, in a file, so that one that was killed goes on where it was.
//
// One JSON object in the user's state directory, named after the two URLs; replaced after each batch, removed at the
// end. It is not synced: after a loss of power it may say less than was done, which only repeats work.
#pragma once

#include <optional>
#include <string>

#include "cli/migrate/report.hpp"
#include "proto/status.hpp"

namespace quorate::cli::migrate {

struct checkpoint {
  std::string source;    ///< fingerprint
  std::string target;    ///< identity
  std::string position;  ///< continues after it
  report done;           ///< by then
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
