#include "storage/data_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

namespace quorate::storage {

namespace {

namespace fs = std::filesystem;

status unusable(std::string rule) { return status::invalid("--data", std::move(rule)); }

std::string reason(int error) { return std::strerror(error); }

std::string parent_of(const std::string& directory) {
  fs::path path(directory);
  if (!path.has_filename()) path = path.parent_path();  // "data/" names the same directory as "data"
  const auto parent = path.parent_path();
  return parent.empty() ? "." : parent.string();
}

result<directory_state> look_at_parent(const std::string& directory) {
  const auto parent = parent_of(directory);
  struct stat about {};
  if (::stat(parent.c_str(), &about) != 0)
    return unusable(directory + ": the parent " + parent + " cannot be used (" + reason(errno) + "): create it first");
  if (!S_ISDIR(about.st_mode)) return unusable(directory + ": the parent " + parent + " is not a directory");
  return directory_state::absent;
}

result<std::vector<std::string>> list_names(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator files(directory, error);
  for (; !error && files != fs::directory_iterator(); files.increment(error))
    names.push_back(files->path().filename().string());
  if (error) return unusable(directory + " cannot be listed (" + error.message() + ")");
  std::sort(names.begin(), names.end());
  return names;
}

/// N of "N.log" and the like.
std::optional<std::uint64_t> number_before(std::string_view suffix, std::string_view name) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool holds_data(std::string_view name) {
  return number_before(".log", name) || number_before(".sst", name)
         || (name.starts_with("MANIFEST-") && name != "MANIFEST-000001");
}

/// What a creation that was cut short leaves behind, and what an empty mounted file system has.
bool holds_nothing(std::string_view name) {
  return name == "LOCK" || name == "LOG" || name == "IDENTITY" || name == "MANIFEST-000001" || name == "lost+found"
         || name.starts_with("LOG.old.") || number_before(".dbtmp", name);
}

}  // namespace

result<directory_state> look_at_directory(const std::string& directory) {
  if (directory.empty()) return unusable("the directory has no name");
  struct stat about {};
  if (::stat(directory.c_str(), &about) != 0) {
    if (errno == ENOENT) return look_at_parent(directory);
    return unusable(directory + " cannot be used (" + reason(errno) + ")");
  }
  if (!S_ISDIR(about.st_mode)) return unusable(directory + " is not a directory");
  if (::faccessat(AT_FDCWD, directory.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0)
    return unusable(directory + " is not readable and writable for this user (" + reason(errno) + ")");

  const auto names = list_names(directory);
  if (!names) return names.error();
  if (std::binary_search(names->begin(), names->end(), "CURRENT")) return directory_state::existing;
  for (const auto& name : *names) {
    // Opening would start an empty database over the remains of a full one.
    if (holds_data(name))
      return status(errc::corruption, directory + " holds " + name
                                          + " but the file CURRENT is missing: restore it, or use an empty directory");
    if (!holds_nothing(name))
      return unusable(directory + " holds no database but other files, such as " + name + ": use an empty directory");
  }
  return directory_state::fresh;
}

status create_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0) return {};
  return unusable(directory + " cannot be created (" + reason(errno) + ")");
}

status sync_parent(const std::string& directory) {
  const auto parent = parent_of(directory);
  const int file = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (synced) return {};
  return {errc::storage_failure, "the directory " + parent + " cannot be synced (" + reason(error) + ")"};
}

result<std::vector<std::string>> list_wals(const std::string& directory) {
  const auto names = list_names(directory);
  if (!names) return names.error();
  std::vector<std::pair<std::uint64_t, std::string>> numbered;
  for (const auto& name : *names)
    if (const auto number = number_before(".log", name)) numbered.emplace_back(*number, directory + "/" + name);
  std::sort(numbered.begin(), numbered.end());
  std::vector<std::string> paths;
  for (auto& [number, path] : numbered) paths.push_back(std::move(path));
  return paths;
}

}  // namespace quorate::storage
