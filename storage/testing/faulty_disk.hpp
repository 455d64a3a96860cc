// A disk for stores that fails on demand and forgets what nobody synced, for tests and the simulator.
//
// Owns the file system under the stores it opens; outlives them. Any thread but `lose_power`, for which they are
// closed.
#pragma once

#include <cstdint>
#include <memory>

#include "storage/rocks_store.hpp"

namespace rocksdb {
class Env;
}

namespace quorate::storage::testing {

class faulty_file_system;

class faulty_disk {
 public:
  faulty_disk();
  ~faulty_disk();

  /// open_rocks_store on this disk. RocksDB does not wait on it before it tries something again.
  result<std::unique_ptr<store>> open(const rocks_options& options) const;
  /// What was not synced is gone; see faulty_file_system.
  void lose_power(std::uint64_t torn = 0);

  /// What else can be done to it (faulty_file_system.hpp).
  faulty_file_system& files() const { return *files_; }

 private:
  std::shared_ptr<faulty_file_system> files_;
  std::unique_ptr<rocksdb::Env> on_files_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace quorate::storage::testing
