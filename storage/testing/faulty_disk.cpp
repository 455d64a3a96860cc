#include "storage/testing/faulty_disk.hpp"

#include <rocksdb/env.h>

#include "storage/rocks_internal.hpp"
#include "storage/testing/faulty_file_system.hpp"

namespace quorate::storage::testing {

namespace {

/// RocksDB waits a second before it tries a failed flush again; here the second try comes at once.
class impatient : public rocksdb::EnvWrapper {
 public:
  explicit impatient(rocksdb::Env* env) : EnvWrapper(env) {}
  void SleepForMicroseconds(int) override {}
};

}  // namespace

faulty_disk::faulty_disk()
    : files_(std::make_shared<faulty_file_system>()),
      on_files_(rocksdb::NewCompositeEnv(files_)),
      env_(std::make_unique<impatient>(on_files_.get())) {}

faulty_disk::~faulty_disk() = default;

result<std::unique_ptr<store>> faulty_disk::open(const rocks_options& options) const {
  return open_rocks_store(options, env_.get());
}

void faulty_disk::lose_power(std::uint64_t torn) { files_->lose_power(torn); }

}  // namespace quorate::storage::testing
