// Files written whole or not at all, and plain writes that report what went wrong.
#pragma once

#include <string>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::cli {

/// All of `bytes`, whatever the number of calls it takes.
status write_all(int descriptor, std::string_view bytes);

/// So that the file's name outlives a loss of power.
status sync_directory_of(const std::string& name);

/// A file that appears under its name only when it is complete and on disk. Until `publish` it grows beside it under
/// a temporary name, which is removed when this object goes first. One thread.
class new_file {
 public:
  new_file() = default;
  ~new_file();
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  status open(const std::string& name);
  status append(std::string_view bytes);
  /// Synced, renamed over what had the name before, directory synced.
  status publish();

 private:
  status flush();

  std::string name_;
  std::string temporary_;
  std::string pending_;
  int descriptor_ = -1;
};

}  // namespace quorate::cli
