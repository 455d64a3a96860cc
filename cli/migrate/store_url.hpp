// Where a migration reads or writes, as people type it.
//
//   sqlite:///path        an ai-memory database file            sqlite://./relative
//   postgres://user:password@host:port/database                 postgresql:// likewise
//   quorate://host:port[,host:port]                             a live cluster
//   rocksdb:///directory                                        a data directory that no node has open
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::cli::migrate {

enum class store_kind : std::uint8_t { sqlite, postgres, quorate, rocksdb };

struct store_url {
  store_kind kind = store_kind::sqlite;
  std::string place;  ///< file, directory, endpoints; of PostgreSQL the whole URL
  std::string shown;  ///< as given, with *** for a password
};

/// An error names the flag, and what to write instead. No error shows a password.
result<store_url> parse_store_url(const std::string& flag, const std::string& text);

}  // namespace quorate::cli::migrate
