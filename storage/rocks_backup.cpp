// Incremental backups by RocksDB's backup engine.
//
// The memtables are flushed first, so that what a backup holds is tables, which the next one shares; the write-ahead
// logs are copied as well, for what was committed while that happened. Tables, logs and manifest are fixed at one
// instant each, in that order and with deletions held back, so opening the copy replays to a prefix of the history.
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <set>

#include "storage/disk_space.hpp"
#include "storage/meta_codec.hpp"
#include "storage/rocks_internal.hpp"
#include "storage/rocks_status.hpp"

namespace quorate::storage {

namespace {

/// A stretch of a copy, after which it may be given up.
constexpr std::uint64_t stretch_bytes = 1u << 20;

rocksdb::BackupEngineOptions engine_options(const std::string& directory) {
  rocksdb::BackupEngineOptions options(directory);
  options.callback_trigger_interval_size = stretch_bytes;
  return options;
}

/// "cluster/node": whose backups these are.
std::string owner_text(const store_identity& owner) { return owner.cluster_id + "/" + owner.node_name; }

/// What became of a backup that was not made. Damage may be here or there, so it is told and blamed on nobody.
status not_made(const rocksdb::Status& error, const std::string& directory) {
  auto told = translate(error, directory);
  if (told.code() != errc::corruption) return told;
  return {errc::corruption, "no backup was made in " + directory + " (" + error.ToString() + ")"};
}

/// Engines start threads, and that can throw.
template <class Work>
auto guarded(const std::string& directory, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    return status(errc::storage_failure, directory + ": " + error.what());
  }
}

result<std::unique_ptr<rocksdb::BackupEngine>> open_to_write(const std::string& directory, rocksdb::Env* env) {
  rocksdb::BackupEngine* opened = nullptr;
  if (auto s = rocksdb::BackupEngine::Open(engine_options(directory), env, &opened); !s.ok())
    return not_made(s, directory);
  return std::unique_ptr<rocksdb::BackupEngine>(opened);
}

result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_to_read(const std::string& directory) {
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  const auto s = rocksdb::BackupEngineReadOnly::Open(engine_options(directory), rocksdb::Env::Default(), &opened);
  if (!s.ok()) return translate(s, directory);
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(opened);
}

result<rocksdb::BackupInfo> info_of(const rocksdb::BackupEngineReadOnlyBase& engine, const std::string& directory,
                                    backup_number number) {
  rocksdb::BackupInfo info;
  const auto s = engine.GetBackupInfo(number, &info, true);
  if (s.IsNotFound()) return status(errc::not_found, directory + " holds no backup " + std::to_string(number));
  if (!s.ok()) return translate(s, directory);
  return info;
}

status check_owner(const rocksdb::BackupEngine& engine, const std::string& directory, const std::string& owner) {
  rocksdb::BackupInfo latest;
  if (auto s = engine.GetLatestBackupInfo(&latest); s.IsNotFound() || latest.app_metadata == owner) return {};
  return status::invalid("--to", directory + " holds backups of " + latest.app_metadata + ", this is " + owner
                                     + ": give it its own directory");
}

/// Asked by the engine after every stretch; stops it when it must not go on.
class overseer {
 public:
  overseer(const backup_order& order, std::uint64_t leave_free) : order_(order), leave_free_(leave_free) {}

  /// ok: go on. Once it is not, it stays so.
  bool may_go_on() noexcept {
    try {
      if (why_ == errc::ok && order_.give_up && order_.give_up()) why_ = errc::shutting_down;
      if (why_ == errc::ok && leave_free_ > 0) {
        const auto free = free_bytes(order_.directory);
        if (free && *free < leave_free_) why_ = errc::disk_full;
      }
    } catch (...) {
      why_ = errc::storage_failure;
    }
    return why_ == errc::ok;
  }

  status reason() const {
    switch (why_) {
      case errc::ok: return {};
      case errc::shutting_down: return {why_, "the backup was given up: the node is stopping"};
      case errc::disk_full:
        return {why_, order_.directory + " is on a disk with too little free space for a backup: "
                          + std::to_string(leave_free_) + " bytes are to be left"};
      default: return {why_, "the backup into " + order_.directory + " could not be watched"};
    }
  }

 private:
  const backup_order& order_;
  const std::uint64_t leave_free_;
  std::atomic<errc> why_{errc::ok};
};

result<std::uint64_t> to_leave_free(const backup_order& order, const std::string& data) {
  if (order.leave_free) return *order.leave_free;
  const auto shared = on_same_file_system(order.directory, data);
  if (!shared) return shared.error();
  if (!*shared) return std::uint64_t{0};
  const auto space = space_of(data);
  if (!space) return space.error();
  return space->reserve;
}

result<std::string> owner_in(const rocks_database& db, const std::string& data) {
  std::string row;
  const rocksdb::Slice key(identity_key.data(), identity_key.size());
  if (auto s = db->Get(rocksdb::ReadOptions(), db[family::meta], key, &row); !s.ok()) return translate(s, data);
  const auto owner = decode_identity(row);
  if (!owner) return owner.error();
  return owner_text(*owner);
}

/// RocksDB writes a table with nothing below it once more, without its sequence numbers, some time after a flush. In a
/// database that was never compacted that is every table, and the next backup would copy all of it a second time: so
/// it is done first. Once there is a level below, what is flushed goes on top of that.
void settle(const rocks_database& db) {
  for (std::size_t f = 0; f < families; ++f) {
    auto* handle = db[static_cast<family>(f)];
    rocksdb::ColumnFamilyMetaData about;
    db->GetColumnFamilyMetaData(handle, &about);
    const auto deeper = std::any_of(about.levels.begin(), about.levels.end(),
                                    [](const auto& level) { return level.level > 0 && !level.files.empty(); });
    if (deeper || !db->Flush(rocksdb::FlushOptions(), handle).ok()) continue;
    db->GetColumnFamilyMetaData(handle, &about);
    std::vector<std::string> tables;
    for (const auto& table : about.levels.front().files) tables.push_back(table.name);
    if (tables.empty()) continue;
    rocksdb::CompactionOptions options;
    options.compression = rocksdb::kDisableCompressionOption;  // that is: the family's own
    options.output_file_size_limit = db->GetOptions(handle).target_file_size_base;
    // Refused when RocksDB is at it already. Nothing depends on it, and what fails for good the next write reports.
    db->CompactFiles(options, handle, tables, 1).PermitUncheckedError();
  }
}

result<incremental_backup> add(const rocks_database& db, const std::string& data, const backup_order& order) {
  const auto owner = owner_in(db, data);
  if (!owner) return owner.error();
  auto engine = open_to_write(order.directory, db->GetEnv());
  if (!engine) return engine.error();
  if (auto ours = check_owner(**engine, order.directory, *owner); !ours) return ours;
  const auto leave_free = to_leave_free(order, data);
  if (!leave_free) return leave_free.error();
  overseer watch(order, *leave_free);
  if (!watch.may_go_on()) return watch.reason();

  settle(db);

  std::set<std::string> held;
  std::vector<rocksdb::BackupInfo> earlier;
  (*engine)->GetBackupInfo(&earlier, true);
  for (const auto& backup : earlier)
    for (const auto& file : backup.file_details) held.insert(file.relative_filename);

  rocksdb::CreateBackupOptions options;
  options.flush_before_backup = true;
  options.decrease_background_thread_cpu_priority = true;
  options.background_thread_cpu_priority = rocksdb::CpuPriority::kLow;
  options.progress_callback = [&] {
    if (!watch.may_go_on()) (*engine)->StopBackup();
  };
  incremental_backup made;
  const auto s = (*engine)->CreateNewBackupWithMetadata(options, db.operator->(), *owner, &made.number);
  if (!s.ok() && !watch.reason()) return watch.reason();
  if (!s.ok()) return not_made(s, order.directory);
  const auto info = info_of(**engine, order.directory, made.number);
  if (!info) return info.error();
  made.bytes = info->size;
  made.files = info->number_files;
  for (const auto& file : info->file_details)
    if (!held.contains(file.relative_filename)) made.new_bytes += file.size;
  return made;
}

}  // namespace

result<incremental_backup> add_backup(const rocks_database& database, const std::string& data,
                                      const backup_order& order) {
  return guarded(order.directory, [&] { return add(database, data, order); });
}

result<incremental_backup> verify_incremental_backup(const std::string& directory, backup_number number) {
  return guarded(directory, [&]() -> result<incremental_backup> {
    const auto engine = open_to_read(directory);
    if (!engine) return engine.error();
    const auto info = info_of(**engine, directory, number);
    if (!info) return info.error();
    const auto s = (*engine)->VerifyBackup(number, true);
    if (s.IsNotFound()) return status(errc::corruption, directory + " is damaged (" + s.ToString() + ")");
    if (!s.ok()) return translate(s, directory);
    return incremental_backup{number, info->size, 0, info->number_files};
  });
}

status remove_backups_before(const std::string& directory, backup_number number) {
  return guarded(directory, [&]() -> status {
    const auto engine = open_to_write(directory, rocksdb::Env::Default());
    if (!engine) return engine.error();
    std::vector<rocksdb::BackupInfo> held;
    (*engine)->GetBackupInfo(&held);
    const auto kept = std::count_if(held.begin(), held.end(), [&](const auto& one) { return one.backup_id >= number; });
    // Its own rule is how many of the newest stay.
    const auto s = (*engine)->PurgeOldBackups(static_cast<std::uint32_t>(kept));
    return s.ok() ? status() : not_made(s, directory);
  });
}

status copy_out_of_backup(const std::string& directory, backup_number number, const std::string& to) {
  return guarded(directory, [&]() -> status {
    const auto engine = open_to_read(directory);
    if (!engine) return engine.error();
    if (const auto info = info_of(**engine, directory, number); !info) return info.error();
    const auto s = (*engine)->RestoreDBFromBackup(rocksdb::RestoreOptions(), number, to, to);
    if (s.IsNotFound()) return {errc::corruption, directory + " is damaged (" + s.ToString() + ")"};
    return s.ok() ? status() : translate(s, directory);
  });
}

}  // namespace quorate::storage
