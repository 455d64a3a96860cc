#include "cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace quorate::cli {
namespace {

constexpr std::size_t pending_bytes_max = 1u << 20;

status failure(const std::string& what, const std::string& name) {
  return {errc::storage_failure, "cannot " + what + " " + name + ": " + std::strerror(errno)};
}

}  // namespace

status write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {errc::storage_failure, std::string("cannot write: ") + std::strerror(errno)};
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

status sync_directory_of(const std::string& name) {
  const auto parent = std::filesystem::path(name).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure("open", directory);
  const bool synced = ::fsync(descriptor) == 0;
  auto result = synced ? status() : failure("sync", directory);
  ::close(descriptor);
  return result;
}

new_file::~new_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

status new_file::open(const std::string& name) {
  name_ = name;
  std::string pattern = name + ".XXXXXX";
  descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor_ < 0) return failure("create", pattern);
  temporary_ = pattern;
  // As an ordinary new file would be: what the umask leaves of rw-rw-rw-.
  const auto mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, 0666 & ~mask) != 0) return failure("set the mode of", temporary_);
  return {};
}

status new_file::append(std::string_view bytes) {
  pending_ += bytes;
  return pending_.size() < pending_bytes_max ? status() : flush();
}

status new_file::flush() {
  auto written = write_all(descriptor_, pending_);
  pending_.clear();
  return written;
}

status new_file::publish() {
  if (auto written = flush(); !written) return written;
  if (::fsync(descriptor_) != 0) return failure("sync", temporary_);
  if (::rename(temporary_.c_str(), name_.c_str()) != 0) return failure("rename to", name_);
  temporary_.clear();
  return sync_directory_of(name_);
}

}  // namespace quorate::cli
