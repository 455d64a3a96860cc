// An SQLite file of ai-memory (schema version 13), looked into by the gate itself and not by the program under test.
//
// Owned by one thread. The file must be there; it is opened for reading and writing, because the check of the text
// index is a write, but nothing in it is changed. A failure leaves the file as it is.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/status.hpp"

struct sqlite3;

namespace quorate::chaos {

/// Those that hold what must not be lost, as the file names them.
inline constexpr std::array<std::string_view, 6> store_tables{"memories",        "archived_memories", "namespace_meta",
                                                              "pending_actions", "subscriptions",     "memory_links"};

class sqlite_file {
 public:
  static result<sqlite_file> open(const std::string& path);

  const std::string& path() const { return path_; }
  /// Rows of one of the tables.
  result<std::uint64_t> count(std::string_view table) const;
  /// What is wrong with it: its pages, a link to a record that is not there, a text index that does not say what the
  /// records say, another version of the schema, tables without the columns they must have. Empty when all is well.
  std::vector<std::string> faults() const;
  /// How many records hold the words, by the text index.
  result<std::uint64_t> found(const std::string& words) const;

 private:
  friend result<std::vector<std::string>> differences(const sqlite_file& ours, const sqlite_file& theirs,
                                                      std::size_t max);
  struct closer {
    void operator()(sqlite3* file) const;
  };

  std::string path_;
  std::unique_ptr<sqlite3, closer> file_;
};

/// What one file says and the other does not, row by row and column by column, one line each, at most `max`; empty when
/// they say the same. All tables of `store_tables`, all columns but vectors and those that are computed; types count;
/// JSON counts by its value.
result<std::vector<std::string>> differences(const sqlite_file& ours, const sqlite_file& theirs, std::size_t max);

}  // namespace quorate::chaos
