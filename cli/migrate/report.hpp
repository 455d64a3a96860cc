// What a migration did, counted table by table, with a digest of what was read and of what is there.
//
// Values; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/migrate/row_store.hpp"
#include "memory/transfer_row.hpp"
#include "proto/hash.hpp"

namespace quorate::cli::migrate {

struct table_counts {
  std::uint64_t read = 0;       ///< rows the source has
  std::uint64_t written = 0;    ///< rows the target has now as they were read, `unchanged` included
  std::uint64_t unchanged = 0;  ///< it had them before, if only from a call whose answer was lost
  std::uint64_t kept = 0;       ///< the target has a later version of them, which stays
  std::uint64_t failed = 0;
};

/// Sum of the hashes of rows, modulo 2^128: the same for the same rows in any order.
struct content_digest {
  hash128 sum;
  void add(const hash128& row);  ///< or the sum of some rows
  std::string text() const;      ///< 32 hexadecimal digits
};

/// Each message is kept up to this many; of more only the number is.
inline constexpr std::size_t messages_kept_max = 1'000;

struct report {
  std::array<table_counts, memory::all_tables.size()> tables;
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;  ///< of the rows read
  content_digest source;    ///< of the rows read
  content_digest target;    ///< of the same rows, as far as they are there, as they are there; only with --verify
  std::vector<std::string> errors;
  std::uint64_t errors_all = 0;
  std::vector<std::string> notes;
  std::uint64_t notes_all = 0;

  table_counts& of(memory::table which) { return tables[static_cast<std::size_t>(which)]; }
  table_counts total() const;
  /// Of other rows.
  void add(report&& other);
  void error(std::string line);
  void note(std::string line);
};

nlohmann::ordered_json to_json(const report& done);
std::optional<report> report_from_json(const nlohmann::json& json);

}  // namespace quorate::cli::migrate
