#include "storage/data_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "proto/limits.hpp"

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

constexpr std::string_view mark_name = "damaged";
constexpr std::string_view unfinished_mark_name = "damaged.tmp";
constexpr std::string_view copy_prefix = "damaged-";
constexpr std::size_t reason_bytes_max = 1'000;

/// What stays where it is when the rest is set aside.
bool stays(std::string_view name) {
  return name == "LOCK" || name == "lost+found" || name == mark_name || name.starts_with(copy_prefix);
}

/// What a creation that was cut short leaves behind, what an empty mounted file system has, and what was set aside.
bool holds_nothing(std::string_view name) {
  return name == unfinished_mark_name || name.starts_with(copy_prefix) || name == "LOCK" || name == "LOG"
         || name == "IDENTITY" || name == "MANIFEST-000001" || name == "lost+found" || name.starts_with("LOG.old.")
         || number_before(".dbtmp", name);
}

/// The content of the file `damaged`: where its directory's content goes, and why, a line each.
struct damage_mark {
  std::string copy;
  std::string reason = "the reason cannot be read";
};

std::optional<damage_mark> read_mark(const std::string& directory) {
  std::ifstream file(directory + "/" + std::string(mark_name));
  damage_mark mark;
  std::string reason;
  if (!std::getline(file, mark.copy) || !mark.copy.starts_with(copy_prefix) || mark.copy.find('/') != mark.copy.npos)
    return std::nullopt;
  if (std::getline(file, reason)) mark.reason = reason;
  return mark;
}

status cannot(const std::string& what, const std::string& path, int error) {
  return {errc::storage_failure, path + " cannot be " + what + " (" + reason(error) + ")"};
}

status sync_directory(const std::string& directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (synced) return {};
  return cannot("synced", "the directory " + directory, error);
}

status move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return cannot("moved to " + to, from, errno);
}

status write_synced(const std::string& path, const std::string& content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file >= 0
                       && ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size())
                       && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  return written ? status() : cannot("written", path, error);
}

/// `damaged-20260131T235959Z`, with a number behind if that is taken.
std::string name_of_copy(const std::vector<std::string>& taken) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  const auto base = std::string(copy_prefix).append(text, length);
  auto name = base;
  for (int n = 2; std::binary_search(taken.begin(), taken.end(), name); ++n) name = base + "-" + std::to_string(n);
  return name;
}

/// Holds the lock that an open database holds, by the same means.
class taken_directory {
 public:
  taken_directory() = default;
  taken_directory(const taken_directory&) = delete;
  ~taken_directory() {
    if (file_ >= 0) ::close(file_);
  }
  status take(const std::string& directory) {
    const auto path = directory + "/LOCK";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) return cannot("opened", path, errno);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file_, F_SETLK, &lock) == 0) return {};
    return {errc::in_use, directory + " is damaged and held by another process: stop that one"};
  }

 private:
  int file_ = -1;
};

}  // namespace

bool holds_set_aside(const std::string& directory) {
  const auto names = list_names(directory);
  return names
         && std::any_of(names->begin(), names->end(), [](const auto& name) { return name.starts_with(copy_prefix); });
}

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
  if (std::binary_search(names->begin(), names->end(), mark_name))
    return status(errc::corruption, directory + " was found damaged and is not yet set aside ("
                                        + read_mark(directory).value_or(damage_mark{}).reason + ")");
  if (std::binary_search(names->begin(), names->end(), "CURRENT")) return directory_state::existing;
  // Other people's files first: theirs may have names like ours, and are not to be taken for a damaged database.
  for (const auto& name : *names)
    if (!holds_data(name) && !holds_nothing(name) && !name.starts_with("OPTIONS-"))
      return unusable(directory + " holds no database but other files, such as " + name + ": use an empty directory");
  for (const auto& name : *names) {
    // Opening would start an empty database over the remains of a full one.
    if (holds_data(name) || name.starts_with("OPTIONS-"))
      return status(errc::corruption, directory + " holds " + name
                                          + " but the file CURRENT is missing: restore it, or use an empty directory");
  }
  return directory_state::fresh;
}

status remove_directory(const std::string& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) return {errc::storage_failure, directory + " cannot be removed (" + error.message() + ")"};
  return {};
}

status move_directory(const std::string& from, const std::string& to) {
  // Replaces nothing but an empty directory, and there is none.
  if (auto moved = move(from, to); !moved) return moved;
  return sync_parent(to);
}

status create_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0) return {};
  return unusable(directory + " cannot be created (" + reason(errno) + ")");
}

status sync_parent(const std::string& directory) { return sync_directory(parent_of(directory)); }

status mark_damaged(const std::string& directory, const std::string& why) {
  const auto names = list_names(directory);
  if (!names) return names.error();
  if (read_mark(directory)) return {};
  auto reason = why.substr(0, reason_bytes_max);
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  const auto unfinished = directory + "/" + std::string(unfinished_mark_name);
  if (auto s = write_synced(unfinished, name_of_copy(*names) + "\n" + reason + "\n"); !s) return s;
  if (auto s = move(unfinished, directory + "/" + std::string(mark_name)); !s) return s;
  return sync_directory(directory);
}

result<set_aside_copy> set_aside(const std::string& directory, const std::string& why) {
  taken_directory taken;
  if (auto s = taken.take(directory); !s) return s;
  if (auto s = mark_damaged(directory, why); !s) return s;
  const auto mark = read_mark(directory);
  if (!mark) return status(errc::storage_failure, directory + "/damaged cannot be read: set its content aside by hand");
  auto names = list_names(directory);
  if (!names) return names.error();
  const auto earlier = std::count_if(names->begin(), names->end(), [&](const std::string& name) {
    return name.starts_with(copy_prefix) && name != mark->copy;
  });
  if (earlier >= static_cast<std::ptrdiff_t>(limits::damaged_copies_max))
    return status(errc::storage_failure, directory + " was damaged again (" + mark->reason + ") and holds "
                                             + std::to_string(earlier) + " copies of earlier times, "
                                             + copy_prefix.data()
                                             + "*: the disk is failing, replace it; or delete them");
  const auto copy = directory + "/" + mark->copy;
  if (::mkdir(copy.c_str(), 0700) != 0 && errno != EEXIST) return cannot("created", copy, errno);
  if (auto s = sync_directory(directory); !s) return s;
  // Without it nobody takes the rest for a database, whatever is still there.
  const auto current = std::find(names->begin(), names->end(), "CURRENT");
  if (current != names->end()) std::rotate(names->begin(), current, current + 1);
  for (const auto& name : *names) {
    if (stays(name)) continue;
    if (auto s = move(directory + "/" + name, copy + "/" + name); !s) return s;
    if (name != "CURRENT") continue;
    if (auto s = sync_directory(directory); !s) return s;
  }
  // The copy first: what is in neither directory after a loss of power is gone.
  for (const auto& changed : {copy, directory})
    if (auto s = sync_directory(changed); !s) return s;
  const std::string last(mark_name);
  if (auto s = move(directory + "/" + last, copy + "/" + last); !s) return s;
  for (const auto& changed : {copy, directory})
    if (auto s = sync_directory(changed); !s) return s;
  return set_aside_copy{copy, mark->reason};
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
