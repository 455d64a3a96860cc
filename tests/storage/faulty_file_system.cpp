#include "faulty_file_system.hpp"

#include <algorithm>
#include <filesystem>

namespace quorate::storage::testing {

namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

IOStatus planted() { return IOStatus::IOError("planted failure"); }

class faulty_file : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  faulty_file(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, faulty_file_system& system)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), system_(system) {}

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
    if (s.ok()) s = really();
    if (s.ok()) system_.synced(name_, size_);
    return s;
  }

  std::string name_;
  faulty_file_system& system_;
  std::uint64_t size_ = 0;
};

class faulty_directory : public rocksdb::FSDirectoryWrapper {
 public:
  faulty_directory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string name, faulty_file_system& system)
      : FSDirectoryWrapper(std::move(directory)), name_(std::move(name)), system_(system) {}

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
    if (s.ok()) s = really();
    if (s.ok()) system_.synced_names(name_);
    return s;
  }

  std::string name_;
  faulty_file_system& system_;
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

void faulty_file_system::lie_about_syncs() {
  const std::lock_guard lock(mutex_);
  lies_ = true;
}

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
  ++changes_;
  return stop_at_ != 0 && changes_ >= stop_at_ ? planted() : IOStatus::OK();
}

IOStatus faulty_file_system::before_log_sync() {
  const std::lock_guard lock(mutex_);
  if (++log_syncs_ != fail_log_sync_) return IOStatus::OK();
  ++failed_log_syncs_;
  return log_sync_error_;
}

void faulty_file_system::synced(const std::string& file, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  const auto known = synced_sizes_.find(file);
  if (!lies_ && known != synced_sizes_.end()) known->second = size;
}

void faulty_file_system::synced_names(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::erase_if(unsynced_names_, [&](const auto& name) { return fs::path(name).parent_path() == directory; });
}

void faulty_file_system::lose_power() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, size] : synced_sizes_)
    if (fs::exists(name)) fs::resize_file(name, std::min<std::uint64_t>(size, fs::file_size(name)));
  for (const auto& name : unsynced_names_) fs::remove(name);
  synced_sizes_.clear();
  unsynced_names_.clear();
}

IOStatus faulty_file_system::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  auto s = before_growth(name);
  if (s.ok()) s = before_change();
  if (s.ok()) s = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (!s.ok()) return s;
  *file = std::make_unique<faulty_file>(std::move(*file), name, *this);
  const std::lock_guard lock(mutex_);
  synced_sizes_[name] = 0;
  unsynced_names_.insert(name);
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
  if (s.ok()) s = FileSystemWrapper::DeleteFile(name, options, debug);
  if (!s.ok()) return s;
  const std::lock_guard lock(mutex_);
  synced_sizes_.erase(name);
  unsynced_names_.erase(name);
  return s;
}

IOStatus faulty_file_system::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                        IODebugContext* debug) {
  auto s = before_change();
  if (s.ok()) s = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (!s.ok()) return s;
  const std::lock_guard lock(mutex_);
  const auto size = synced_sizes_.extract(from);
  if (!size.empty()) synced_sizes_[to] = size.mapped();
  if (unsynced_names_.erase(from) > 0) unsynced_names_.insert(to);
  return s;
}

}  // namespace quorate::storage::testing
