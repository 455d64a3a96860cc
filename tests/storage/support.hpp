// What the storage tests share: throw-away directories, write groups in one line, a look at all a store holds.
#pragma once

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "storage/rocks_store.hpp"

namespace quorate {

// So that a failed comparison can be read.
std::ostream& operator<<(std::ostream& out, errc code);
std::ostream& operator<<(std::ostream& out, const status& s);

}  // namespace quorate

namespace quorate::storage::testing {

/// An empty directory, deleted at the end of the test.
class temporary_directory {
 public:
  temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  ~temporary_directory();
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline constexpr log_id own_log{node_id{7}, 1000};

/// Options for a small store; memtables of the least size, so that tests reach flushes.
rocks_options options_at(const std::string& directory);

/// The store, or a failed test.
std::unique_ptr<store> must_open(const rocks_options& options);

record_key key(const std::string& bytes);
stored_record live(std::uint64_t time, const std::string& value, const std::string& alias = {});
stored_record tombstone(std::uint64_t time);
encoded_entry entry_of(const log_id& log, sequence_number sequence, const std::string& bytes);

/// Group n of a history in which each group appends one entry, overwrites a shared record and adds its own one.
/// Its entry is entry n of own_log. `value_bytes` is the size of each of the three values.
write_group numbered_group(std::uint64_t n, std::size_t value_bytes = 40);

/// How many numbered groups the store holds, having checked that it holds exactly the first so many, each whole.
/// Fails the test on a hole, a half-applied group or damage.
std::uint64_t groups_held(const store& s, std::size_t value_bytes = 40);

/// Files directly in a directory with this extension, sorted by name.
std::vector<std::filesystem::path> files_with_extension(const std::filesystem::path& directory,
                                                        const std::string& extension);
std::string read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);
void copy_directory(const std::filesystem::path& from, const std::filesystem::path& to);

/// Calls `check` with each copy of `bytes` that differs in one byte: one bit flipped, all bits flipped.
template <class Check>
void for_each_flip(const std::string& bytes, Check check) {
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int mask : {0x01, 0x80, 0xFF}) {
      auto flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      check(flipped);
    }
}

}  // namespace quorate::storage::testing
