#include "chaos/scratch_directory.hpp"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace quorate::chaos {

result<scratch_directory> scratch_directory::make(const std::string& parent) {
  std::error_code error;
  std::filesystem::path base = parent;
  if (parent.empty()) {
    base = std::filesystem::temp_directory_path(error);
  } else {
    std::filesystem::create_directories(base, error);
  }
  if (error) return status(errc::internal, "no place for a temporary directory: " + error.message());
  std::string path = (base / "quorate-XXXXXX").string();
  if (!mkdtemp(path.data())) return status(errc::internal, "cannot create " + path + ": " + std::strerror(errno));
  scratch_directory made;
  made.path_ = std::move(path);
  return made;
}

scratch_directory::scratch_directory(scratch_directory&& other) noexcept { *this = std::move(other); }

scratch_directory& scratch_directory::operator=(scratch_directory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(keep_, other.keep_);
  return *this;
}

scratch_directory::~scratch_directory() {
  if (path_.empty() || keep_) return;
  std::error_code ignored;  // whatever is left lies in the system's temporary place
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace quorate::chaos
