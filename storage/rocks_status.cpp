#include "storage/rocks_status.hpp"

#include <rocksdb/status.h>

#include <algorithm>
#include <string>

#include "proto/ensure.hpp"

namespace quorate::storage {

namespace {

errc code_for(const rocksdb::Status& error, std::string_view text) {
  // The library has no code for a lock that is taken; these are its two texts, for another process and for this one.
  if (text.find("While lock file") != text.npos || text.find("lock hold by current process") != text.npos)
    return errc::in_use;
  // A write that finds an earlier error may get it wrapped in another one, as text.
  if (error.IsNoSpace() || (error.IsIncomplete() && text.find("No space left on device") != text.npos))
    return errc::disk_full;
  if (error.IsCorruption() || error.IsPathNotFound()) return errc::corruption;
  return errc::storage_failure;
}

}  // namespace

status translate(const rocksdb::Status& error, std::string_view directory) {
  ensure(!error.ok(), "only a failure is made an error");
  std::string text = error.ToString();
  std::replace(text.begin(), text.end(), '\n', ' ');
  const auto code = code_for(error, text);
  std::string line(directory);
  if (code == errc::in_use)
    line += " is held by another process: stop that one, or give this one another directory";
  else if (code == errc::corruption)
    line += " is damaged (" + text + ")";
  else if (code == errc::disk_full)
    line += " is on a disk that is full (" + text + ")";
  else
    line += ": " + text;
  return {code, std::move(line)};
}

}  // namespace quorate::storage
