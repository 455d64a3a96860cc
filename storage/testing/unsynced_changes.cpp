#include "storage/testing/unsynced_changes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <utility>

namespace quorate::storage::testing {

namespace {

namespace fs = std::filesystem;

// Lines of the ledger. A line about names is written after the change (made) or before it (the others); an inode or a
// grave in it says whether the change is still there to be taken back, so that taking it back twice does no harm.
constexpr auto made = "made";        // inode name
constexpr auto gone = "gone";        // grave name: the file of that name was deleted or replaced, and lies in the grave
constexpr auto moved = "moved";      // inode name new-name
constexpr auto names_safe = "safe";  // all lines about names until here
constexpr auto bytes_safe = "size";  // inode bytes: so many of them
constexpr auto freed = "freed";      // inode: the file is no more

[[noreturn]] void broken(const std::string& what) {
  std::fprintf(stderr, "the ledger of unsynced changes is broken: %s\n", what.c_str());
  std::abort();
}

std::string ledger_directory(const std::string& directory) { return directory + ".unsynced"; }
std::string ledger_file(const std::string& directory) { return ledger_directory(directory) + "/ledger"; }

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

struct named_change {
  std::string what;
  std::string subject;  ///< inode or grave
  std::string name;
  std::string other;
};

struct ledger_content {
  std::vector<named_change> names;
  std::map<std::uint64_t, std::uint64_t> synced;  ///< inode -> bytes
};

ledger_content read_ledger(const std::string& file) {
  ledger_content content;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    // A kill can cut the last line short.
    if (in.eof()) break;
    std::istringstream words(line);
    std::string what;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    words >> what;
    if (what == names_safe) {
      content.names.clear();
    } else if (what == bytes_safe && words >> inode >> bytes) {
      content.synced[inode] = bytes;
    } else if (what == freed && words >> inode) {
      content.synced.erase(inode);
    } else {
      named_change change{what, {}, {}, {}};
      words >> change.subject >> change.name >> change.other;
      content.names.push_back(std::move(change));
    }
  }
  return content;
}

void take_back(const named_change& change, const std::string& directory) {
  const auto path = directory + "/" + change.name;
  if (change.what == gone) {
    const auto grave = ledger_directory(directory) + "/" + change.subject;
    if (inode_of(grave) == 0) return;
    // A rename over another name of the same file would leave both.
    fs::remove(path);
    fs::rename(grave, path);
    return;
  }
  const auto inode = std::stoull(change.subject);
  if (change.what == made && inode_of(path) == inode) fs::remove(path);
  const auto other = directory + "/" + change.other;
  if (change.what == moved && inode_of(other) == inode) fs::rename(other, path);
}

}  // namespace

std::uint64_t inode_of(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? about.st_ino : 0;
}

unsynced_changes::unsynced_changes(std::string directory) : directory_(std::move(directory)) {
  std::error_code error;
  fs::remove_all(ledger_directory(directory_), error);
  fs::create_directory(ledger_directory(directory_), error);
  ledger_ = ::open(ledger_file(directory_).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (ledger_ < 0) broken("cannot make " + ledger_file(directory_));
}

unsynced_changes::~unsynced_changes() { ::close(ledger_); }

void unsynced_changes::note(const std::string& line) {
  const std::lock_guard lock(ledger_mutex_);
  const auto whole = line + "\n";
  if (::write(ledger_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) broken("cannot write it");
}

std::string unsynced_changes::grave_path(const std::string& name) const {
  return ledger_directory(directory_) + "/" + name;
}

std::string unsynced_changes::bury(const std::string& path) {
  auto name = "grave-" + std::to_string(++graves_);
  if (::link(path.c_str(), grave_path(name).c_str()) != 0) broken("cannot keep " + path);
  filled_.push_back(name);
  note(std::string(gone) + " " + name + " " + name_of(path));
  return name;
}

bool unsynced_changes::make(const std::string& path, const std::function<bool()>& change) {
  const std::lock_guard lock(mutex_);
  if (inode_of(path) != 0) {
    // Emptying it is not synced either: another file takes its place.
    bury(path);
    fs::remove(path);
  }
  if (!change()) return false;
  const auto inode = std::to_string(inode_of(path));
  note(std::string(bytes_safe) + " " + inode + " 0");
  note(std::string(made) + " " + inode + " " + name_of(path));
  return true;
}

bool unsynced_changes::remove(const std::string& path, const std::function<bool()>& change) {
  const std::lock_guard lock(mutex_);
  if (inode_of(path) != 0) bury(path);
  return change();
}

bool unsynced_changes::rename(const std::string& from, const std::string& to, const std::function<bool()>& change) {
  const std::lock_guard lock(mutex_);
  const auto inode = inode_of(from);
  if (inode != 0 && inode_of(to) != 0) bury(to);
  if (inode != 0) note(std::string(moved) + " " + std::to_string(inode) + " " + name_of(from) + " " + name_of(to));
  return change();
}

bool unsynced_changes::sync_names(const std::function<bool()>& change) {
  const std::lock_guard lock(mutex_);
  if (!change()) return false;
  note(names_safe);
  for (const auto& grave : filled_) {
    // First the line: the number of a file that is gone may be given to another one.
    struct stat about {};
    const auto path = grave_path(grave);
    if (::stat(path.c_str(), &about) == 0 && about.st_nlink == 1)
      note(std::string(freed) + " " + std::to_string(about.st_ino));
    fs::remove(path);
  }
  filled_.clear();
  return true;
}

void unsynced_changes::bytes_synced(std::uint64_t inode, std::uint64_t bytes) {
  note(std::string(bytes_safe) + " " + std::to_string(inode) + " " + std::to_string(bytes));
}

void unsynced_changes::forget(const std::string& directory, std::uint64_t torn) {
  if (!fs::exists(ledger_file(directory))) return;
  const auto content = read_ledger(ledger_file(directory));
  for (auto change = content.names.rbegin(); change != content.names.rend(); ++change) take_back(*change, directory);
  std::mt19937_64 random(torn);
  for (const auto& file : fs::directory_iterator(directory)) {
    const auto known = content.synced.find(inode_of(file.path().string()));
    if (known == content.synced.end() || !file.is_regular_file()) continue;
    const auto size = file.file_size();
    if (size <= known->second) continue;
    const auto kept = torn == 0 ? 0 : random() % (size - known->second + 1);
    fs::resize_file(file.path(), known->second + kept);
  }
  // The ledger first: without it the graves say nothing.
  fs::remove(ledger_file(directory));
  fs::remove_all(ledger_directory(directory));
}

}  // namespace quorate::storage::testing
