// The disk of the node that can be told to misbehave, linked in place of storage/rocks_default.cpp. The environment
// says how it does:
//   QUORATE_DISK=forgets, forgets:N   a SIGKILL is a loss of power: what was not synced is gone at the next start (with
//                                     N, a part of the unsynced bytes may stay). Memtables are small, so that files
//                                     come and go all the time.
//   QUORATE_DISK_FAULTS=PATH          while there is a file PATH.writes every write and sync fails with an I/O error,
//                                     while there is PATH.reads every read
// A planted ack_before_sync is a disk that says a log was synced when it was not.
#include <rocksdb/env.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "proto/test_points.hpp"
#include "storage/rocks_internal.hpp"
#include "storage/testing/faulty_file_system.hpp"

namespace quorate::storage {

namespace {

constexpr auto forgets = "forgets";
constexpr std::size_t forgetful_memtable_bytes = 256u << 10;
constexpr std::chrono::milliseconds look_pause(5);

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

struct planted_disk {
  std::shared_ptr<testing::faulty_file_system> files = std::make_shared<testing::faulty_file_system>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
};

/// Never destroyed: RocksDB's threads may outlive the store, and others the main function.
planted_disk& the_disk() {
  static auto* disk = new planted_disk;
  return *disk;
}

void look_for_faults(const std::string& path) {
  const auto there = [](const std::string& file) { return ::access(file.c_str(), F_OK) == 0; };
  for (;; std::this_thread::sleep_for(look_pause)) {
    the_disk().files->fail_writes(there(path + ".writes"));
    the_disk().files->fail_reads(there(path + ".reads"));
  }
}

/// Once, before the first store is opened: this is the start after the loss of power.
void begin(const std::string& directory, const std::string& disk, const std::string& faults) {
  if (planted(planted_bug::ack_before_sync)) the_disk().files->lie_about_syncs(".log");
  if (!faults.empty()) std::thread(look_for_faults, faults).detach();
  const auto colon = disk.find(':');
  const auto torn = colon == disk.npos ? 0 : std::strtoull(disk.c_str() + colon + 1, nullptr, 10);
  testing::unsynced_changes::forget(directory, torn);
}

}  // namespace

result<std::unique_ptr<store>> open_rocks_store(const rocks_options& wanted) {
  const auto disk = variable("QUORATE_DISK");
  const auto faults = variable("QUORATE_DISK_FAULTS");
  if (disk.empty() && faults.empty()) return open_rocks_store(wanted, rocksdb::Env::Default());
  static bool begun = false;
  if (!begun)
    begin(wanted.directory, disk, faults);
  else
    the_disk().files->settle();
  begun = true;
  auto options = wanted;
  if (disk.starts_with(forgets)) options.memtable_bytes = std::min(options.memtable_bytes, forgetful_memtable_bytes);
  return open_rocks_store(options, the_disk().env.get());
}

}  // namespace quorate::storage
