// Tells a torn tail of the write-ahead log from damage before it, where RocksDB cannot.
//
// RocksDB takes a bad length within the last 32 KiB of a log for its torn end, and steps over zeroed stretches: both
// drop acknowledged groups without a word. Every write here is synced before the next begins, so only the very last
// group can be torn: a whole group behind a broken place, or a gap in the sequence numbers, proves damage. Logs that
// RocksDB no longer needs may linger and whole ones of them be missing: a gap between two files counts only when the
// older one ends in a broken place.
//
// Reads the files of a database nobody has open; changes nothing. Used by one thread.
#pragma once

#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::storage {

/// Reads the write-ahead logs, oldest first. errc::corruption names the file and the place of damage that RocksDB might
/// step over; a torn tail, and damage that RocksDB itself refuses, are ok. storage_failure when a file cannot be read.
status check_wals(const std::vector<std::string>& paths);

}  // namespace quorate::storage
