// A file system for RocksDB that fails on demand, and knows what a loss of power would leave.
//
// Wraps the default one. Counts every change of the disk (create, append, sync, rename, delete); from a chosen one on
// nothing works any more. Bytes, new names, renames and deletions are lost unless they were synced
// (unsynced_changes.hpp), also by a process that is killed. Any thread.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "storage/testing/unsynced_changes.hpp"

namespace quorate::storage::testing {

class faulty_file_system : public rocksdb::FileSystemWrapper {
 public:
  faulty_file_system() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "faulty_file_system"; }

  /// Change number `n`, counted from 1, and every later one fails and leaves the disk as it is. 0 = none does.
  void stop_at(std::uint64_t n);
  /// Sync number `n` of a write-ahead log, counted from 1, fails so; later ones work again. 0 = none does.
  void fail_log_sync(std::uint64_t n, rocksdb::IOStatus error = rocksdb::IOStatus::IOError("planted failure"));
  /// From growth number `n` on, counted from 1 (a new file, an append), there is no space for files whose names end so;
  /// what needs none works. 0 = there is space.
  void fill_up_at(std::uint64_t n, std::string ending = {});
  /// Files whose names end so are no longer synced, though it is said that they were. Without an ending: nor is any
  /// directory.
  void lie_about_syncs(std::string ending = {});
  /// From now on nothing can be written, or read; or it can again.
  void fail_writes(bool fail);
  void fail_reads(bool fail);

  std::uint64_t changes() const;
  bool stopped() const;
  std::uint64_t failed_log_syncs() const;
  /// How often there was no space.
  std::uint64_t refused_growths() const;

  /// Leaves what was synced, as loss of power does, in every directory that was written to. The database is closed.
  /// `torn` as of unsynced_changes::forget.
  void lose_power(std::uint64_t torn = 0);

  /// All that is on the disk now counts as synced. No file is open.
  void settle();

  // Asked by the files and directories this one opens.
  rocksdb::IOStatus before_change();
  rocksdb::IOStatus before_growth(const std::string& file);
  rocksdb::IOStatus before_log_sync();
  rocksdb::IOStatus before_read() const;
  unsynced_changes& changes_in(const std::string& directory);
  bool lies_about(const std::string& name) const { return lies_ && name.ends_with(lies_about_); }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  mutable std::mutex mutex_;
  std::uint64_t changes_ = 0;
  std::uint64_t stop_at_ = 0;
  std::uint64_t log_syncs_ = 0;
  std::uint64_t fail_log_sync_ = 0;
  rocksdb::IOStatus log_sync_error_;
  std::uint64_t failed_log_syncs_ = 0;
  std::uint64_t growths_ = 0;
  std::uint64_t fill_up_at_ = 0;
  std::string fills_for_;
  std::uint64_t refused_growths_ = 0;
  std::string lies_about_;
  std::atomic<bool> lies_ = false;
  std::atomic<bool> writes_fail_ = false;
  std::atomic<bool> reads_fail_ = false;
  std::map<std::string, std::unique_ptr<unsynced_changes>> unsynced_;  ///< by directory
};

}  // namespace quorate::storage::testing
