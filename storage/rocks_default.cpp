#include <rocksdb/env.h>

#include "storage/rocks_internal.hpp"

namespace quorate::storage {

// Alone in its file: a program for tests puts a disk that fails and forgets in its place (testing/planted_disk.cpp).
result<std::unique_ptr<store>> open_rocks_store(const rocks_options& options) {
  return open_rocks_store(options, rocksdb::Env::Default());
}

}  // namespace quorate::storage
