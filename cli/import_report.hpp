// What an import has done so far: counts, errors, the acknowledged records on file.
//
// Written by the reading thread and the sending threads, under its own lock.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::cli {

/// Where a record came from, for messages.
struct import_error {
  std::uint64_t line = 0;
  std::string title;  ///< empty when it could not be read
  std::string error;
};

/// A record that is durable on its write quorum.
struct acknowledged_record {
  std::string id;
  std::string name_space;
  std::string title;
};

struct import_totals {
  std::uint64_t imported = 0;
  std::uint64_t errors = 0;
  bool lacked_quorum = false;  ///< for at least one record
};

class import_report {
 public:
  /// Keeps at most `errors_kept` errors; the others are counted.
  explicit import_report(std::size_t errors_kept) : errors_kept_(errors_kept) {}
  ~import_report();
  import_report(const import_report&) = delete;
  import_report& operator=(const import_report&) = delete;

  /// From now on appends one JSON line per acknowledged record to this file.
  status log_acknowledged_to(const std::string& file);

  void acknowledged(const std::vector<acknowledged_record>& records);
  void failed(import_error error, bool lacked_quorum);

  import_totals totals() const;
  std::vector<import_error> errors() const;  ///< by line
  /// The file of acknowledged records could not be written: it is not complete.
  status log_error() const;

 private:
  mutable std::mutex mutex_;
  std::size_t errors_kept_;
  int log_ = -1;
  status log_error_;
  import_totals totals_;
  std::vector<import_error> errors_;
};

}  // namespace quorate::cli
