#include "storage/incremental_backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace quorate::storage {

namespace {

std::string lock_file_of(const std::string& directory) { return directory + "/quorate.lock"; }

}  // namespace

backup_lock::~backup_lock() {
  if (file_ >= 0) ::close(file_);
}

status backup_lock::take_to_write(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return status::invalid("--to", directory + " cannot be created: " + error.message());
  const auto path = lock_file_of(directory);
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) return status::invalid("--to", path + " cannot be opened: " + std::strerror(errno));
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return {};
  return {errc::in_use, directory + " is in use by another backup, check or restore: try again when that is done"};
}

status backup_lock::take_to_read(const std::string& directory) {
  file_ = ::open(lock_file_of(directory).c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0 || ::flock(file_, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  return {errc::in_use, "a backup is being made in " + directory + ": try again when it is done"};
}

std::string description_of_backup(const std::string& directory, backup_number number) {
  return (std::filesystem::path(directory) / "meta" / std::to_string(number)).string();
}

}  // namespace quorate::storage
