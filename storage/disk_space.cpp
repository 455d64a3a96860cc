#include "storage/disk_space.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "proto/limits.hpp"
#include "storage/data_directory.hpp"

namespace quorate::storage {

namespace {

namespace fs = std::filesystem;

/// An eighth of a small file system is kept: one of 64 MiB takes 56.
constexpr std::uint64_t share_kept = 8;

// What RocksDB may still write for what it has already accepted, in memtable budgets (rocks_database.cpp sets its sizes
// by the budget): tables of the memtables that are full and of those that fill meanwhile, 2; room set aside for a new
// log, 1; the largest usual compaction, whose inputs go only when its outputs are there: a table of one budget and
// those of the next level that it overlaps, 12, or level 0 as far as writes let it grow and the level below, 13. A
// compaction that finds no room all the same is given up and tried again; a memtable that finds none is the end of the
// store.
constexpr std::uint64_t budgets_in_reserve = 16;
static_assert(limits::disk_reserve_bytes == budgets_in_reserve * (64u << 20));

constexpr fsfilcnt_t files_needed = 64;  ///< tables, logs and manifests of a flush and a compaction

result<struct statvfs> ask(const std::string& directory) {
  struct statvfs about {};
  if (::statvfs(directory.c_str(), &about) == 0) return about;
  auto path = fs::path(directory).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const auto parent = path.parent_path().empty() ? std::string(".") : path.parent_path().string();
  if (errno == ENOENT && ::statvfs(parent.c_str(), &about) == 0) return about;
  return status(errc::storage_failure,
                directory + ": its free space cannot be found out (" + std::strerror(errno) + ")");
}

}  // namespace

std::uint64_t reserve_of(std::uint64_t file_system_bytes) {
  return std::min<std::uint64_t>(limits::disk_reserve_bytes, file_system_bytes / share_kept);
}

std::uint64_t memtable_bytes_within(std::uint64_t reserve) { return reserve / budgets_in_reserve; }

result<disk_space> space_of(const std::string& directory) {
  const auto about = ask(directory);
  if (!about) return about.error();
  const std::uint64_t block = about->f_frsize;
  // Some file systems do not count; then only a failed write tells.
  if (about->f_blocks == 0) return disk_space{UINT64_MAX, 0};
  // Without room for new files there is no room, however many bytes are free.
  if (about->f_files > 0 && about->f_favail < files_needed) return disk_space{0, reserve_of(about->f_blocks * block)};
  return disk_space{about->f_bavail * block, reserve_of(about->f_blocks * block)};
}

result<bool> on_same_file_system(const std::string& one, const std::string& other) {
  struct stat first {};
  struct stat second {};
  for (const auto& [path, about] : {std::pair(&one, &first), std::pair(&other, &second)})
    if (::stat(path->c_str(), about) != 0)
      return status(errc::storage_failure, *path + " cannot be looked at (" + std::strerror(errno) + ")");
  return first.st_dev == second.st_dev;
}

result<std::uint64_t> free_bytes(const std::string& directory) {
  const auto space = space_of(directory);
  if (!space) return space.error();
  return space->free;
}

result<std::uint64_t> space_needed(const std::string& directory) {
  const auto space = space_of(directory);
  if (!space) return space.error();
  std::error_code absent;
  std::uint64_t logs = 0;
  if (fs::is_directory(directory, absent)) {
    const auto wals = list_wals(directory);
    if (!wals) return wals.error();
    for (const auto& wal : *wals) {
      std::error_code gone;
      const auto bytes = fs::file_size(wal, gone);
      if (!gone) logs += bytes;
    }
  }
  // Tables have indexes and filters beside what the logs hold.
  return logs + logs / 4 + memtable_bytes_within(space->reserve);
}

}  // namespace quorate::storage
