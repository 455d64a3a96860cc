// RocksDB's errors in the words of this program. The only place that knows both.
//
// Pure function, any thread.
#pragma once

#include <string_view>

#include "proto/status.hpp"

namespace rocksdb {
class Status;
}

namespace quorate::storage {

/// One line: directory, what RocksDB says. in_use when another holder has the lock; corruption for damage and missing
/// files; disk_full; storage_failure for the rest. `error` is not ok.
status translate(const rocksdb::Status& error, std::string_view directory);

}  // namespace quorate::storage
