#include "storage/testing/faulty_file_system.hpp"

#include <filesystem>
#include <vector>

namespace quorate::storage::testing {

namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

IOStatus planted() { return IOStatus::IOError("planted failure"); }

IOStatus broken_disk() { return IOStatus::IOError("planted failure: Input/output error"); }

std::string directory_of(const std::string& file) { return fs::path(file).parent_path().string(); }

class faulty_file : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  faulty_file(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, faulty_file_system& system)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        inode_(inode_of(name_)),
        system_(system),
        unsynced_(system.changes_in(directory_of(name_))) {}

  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const rocksdb::Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    auto s = system_.before_growth(name_);
    if (s.ok()) s = system_.before_change();
    if (s.ok()) s = FSWritableFileOwnerWrapper::Append(bytes, options, debug);
    if (s.ok()) size_ += bytes.size();
    return s;
  }
  IOStatus Append(const rocksdb::Slice& bytes, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(bytes, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return FSWritableFileOwnerWrapper::Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return FSWritableFileOwnerWrapper::Fsync(options, debug); });
  }

 private:
  template <class Sync>
  IOStatus sync(Sync really) {
    auto s = system_.before_change();
    if (s.ok() && name_.ends_with(".log")) s = system_.before_log_sync();
    // What is appended meanwhile may not be synced.
    const std::uint64_t size = size_;
    if (s.ok() && system_.lies_about(name_)) return s;
    if (s.ok()) s = really();
    if (s.ok()) unsynced_.bytes_synced(inode_, size);
    return s;
  }

  const std::string name_;
  const std::uint64_t inode_;
  faulty_file_system& system_;
  unsynced_changes& unsynced_;
  std::atomic<std::uint64_t> size_ = 0;
};

class faulty_directory : public rocksdb::FSDirectoryWrapper {
 public:
  faulty_directory(std::unique_ptr<rocksdb::FSDirectory>&& directory, const std::string& name,
                   faulty_file_system& system)
      : FSDirectoryWrapper(std::move(directory)), system_(system), unsynced_(system.changes_in(name)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& what) override {
    return sync([&] { return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, what); });
  }

 private:
  template <class Sync>
  IOStatus sync(Sync really) {
    auto s = system_.before_change();
    if (!s.ok() || system_.lies_about("")) return s;
    unsynced_.sync_names([&] { return (s = really()).ok(); });
    return s;
  }

  faulty_file_system& system_;
  unsynced_changes& unsynced_;
};

class faulty_sequential_file : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  faulty_sequential_file(std::unique_ptr<rocksdb::FSSequentialFile>&& file, const faulty_file_system& system)
      : FSSequentialFileOwnerWrapper(std::move(file)), system_(system) {}
  IOStatus Read(std::size_t count, const IOOptions& options, rocksdb::Slice* bytes, char* scratch,
                IODebugContext* debug) override {
    const auto s = system_.before_read();
    return s.ok() ? FSSequentialFileOwnerWrapper::Read(count, options, bytes, scratch, debug) : s;
  }

 private:
  const faulty_file_system& system_;
};

class faulty_table : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  faulty_table(std::unique_ptr<rocksdb::FSRandomAccessFile>&& file, const faulty_file_system& system)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), system_(system) {}
  IOStatus Read(std::uint64_t offset, std::size_t count, const IOOptions& options, rocksdb::Slice* bytes, char* scratch,
                IODebugContext* debug) const override {
    const auto s = system_.before_read();
    return s.ok() ? FSRandomAccessFileOwnerWrapper::Read(offset, count, options, bytes, scratch, debug) : s;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    const auto s = system_.before_read();
    if (s.ok()) return FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
    for (std::size_t i = 0; i < count; ++i) requests[i].status = s;
    return s;
  }
  IOStatus Prefetch(std::uint64_t offset, std::size_t count, const IOOptions& options, IODebugContext* debug) override {
    const auto s = system_.before_read();
    return s.ok() ? FSRandomAccessFileOwnerWrapper::Prefetch(offset, count, options, debug) : s;
  }

 private:
  const faulty_file_system& system_;
};

}  // namespace

void faulty_file_system::stop_at(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  stop_at_ = n;
}

void faulty_file_system::fail_log_sync(std::uint64_t n, IOStatus error) {
  const std::lock_guard lock(mutex_);
  log_sync_error_ = std::move(error);
  fail_log_sync_ = n;
}

void faulty_file_system::fill_up_at(std::uint64_t n, std::string ending) {
  const std::lock_guard lock(mutex_);
  growths_ = 0;
  fill_up_at_ = n;
  fills_for_ = std::move(ending);
}

void faulty_file_system::lie_about_syncs(std::string ending) {
  lies_about_ = std::move(ending);
  lies_ = true;
}

void faulty_file_system::fail_writes(bool fail) { writes_fail_ = fail; }

void faulty_file_system::fail_reads(bool fail) { reads_fail_ = fail; }

std::uint64_t faulty_file_system::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

bool faulty_file_system::stopped() const {
  const std::lock_guard lock(mutex_);
  return stop_at_ != 0 && changes_ >= stop_at_;
}

std::uint64_t faulty_file_system::failed_log_syncs() const {
  const std::lock_guard lock(mutex_);
  return failed_log_syncs_;
}

std::uint64_t faulty_file_system::refused_growths() const {
  const std::lock_guard lock(mutex_);
  return refused_growths_;
}

IOStatus faulty_file_system::before_growth(const std::string& file) {
  const std::lock_guard lock(mutex_);
  if (fill_up_at_ == 0 || !file.ends_with(fills_for_) || ++growths_ < fill_up_at_) return IOStatus::OK();
  ++refused_growths_;
  return IOStatus::NoSpace("planted lack of space");
}

IOStatus faulty_file_system::before_change() {
  const std::lock_guard lock(mutex_);
  if (writes_fail_) return broken_disk();
  ++changes_;
  return stop_at_ != 0 && changes_ >= stop_at_ ? planted() : IOStatus::OK();
}

IOStatus faulty_file_system::before_log_sync() {
  const std::lock_guard lock(mutex_);
  if (++log_syncs_ != fail_log_sync_) return IOStatus::OK();
  ++failed_log_syncs_;
  return log_sync_error_;
}

IOStatus faulty_file_system::before_read() const { return reads_fail_ ? broken_disk() : IOStatus::OK(); }

unsynced_changes& faulty_file_system::changes_in(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  auto& changes = unsynced_[fs::path(directory + "/").lexically_normal().string()];
  if (!changes) changes = std::make_unique<unsynced_changes>(directory);
  return *changes;
}

void faulty_file_system::lose_power(std::uint64_t torn) {
  const std::lock_guard lock(mutex_);
  for (const auto& [directory, changes] : unsynced_)
    unsynced_changes::forget(fs::path(directory).parent_path().string(), torn);
  unsynced_.clear();
}

void faulty_file_system::settle() {
  const std::lock_guard lock(mutex_);
  unsynced_.clear();
}

IOStatus faulty_file_system::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  auto s = before_growth(name);
  if (s.ok()) s = before_change();
  if (!s.ok()) return s;
  changes_in(directory_of(name)).make(name, [&] {
    return (s = FileSystemWrapper::NewWritableFile(name, options, file, debug)).ok();
  });
  if (s.ok()) *file = std::make_unique<faulty_file>(std::move(*file), name, *this);
  return s;
}

IOStatus faulty_file_system::NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                               IODebugContext* debug) {
  auto s = before_read();
  if (s.ok()) s = FileSystemWrapper::NewSequentialFile(name, options, file, debug);
  if (s.ok()) *file = std::make_unique<faulty_sequential_file>(std::move(*file), *this);
  return s;
}

IOStatus faulty_file_system::NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                 IODebugContext* debug) {
  auto s = before_read();
  if (s.ok()) s = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
  if (s.ok()) *file = std::make_unique<faulty_table>(std::move(*file), *this);
  return s;
}

IOStatus faulty_file_system::NewDirectory(const std::string& name, const IOOptions& options,
                                          std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  auto s = FileSystemWrapper::NewDirectory(name, options, directory, debug);
  if (s.ok()) *directory = std::make_unique<faulty_directory>(std::move(*directory), name, *this);
  return s;
}

IOStatus faulty_file_system::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  auto s = before_change();
  if (!s.ok()) return s;
  changes_in(directory_of(name)).remove(name, [&] {
    return (s = FileSystemWrapper::DeleteFile(name, options, debug)).ok();
  });
  return s;
}

IOStatus faulty_file_system::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                        IODebugContext* debug) {
  auto s = before_change();
  if (!s.ok()) return s;
  changes_in(directory_of(to)).rename(from, to, [&] {
    return (s = FileSystemWrapper::RenameFile(from, to, options, debug)).ok();
  });
  return s;
}

}  // namespace quorate::storage::testing
