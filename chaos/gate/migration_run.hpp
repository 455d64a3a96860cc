// One run of `quorate migrate`, and what it says it did.
//
// Main thread (see process.hpp). One that is still running when this is destroyed is killed.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "chaos/process.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

/// How a run ended.
struct migration_end {
  process_end end;
  /// What it printed; none when that was not one JSON object.
  std::optional<nlohmann::ordered_json> report;
  std::string said;  ///< beside that, or why it could not be run

  /// Ended with 0, and its report names no error.
  bool ok() const;
  /// A number of the report by its path, "/tables/memories/unchanged"; nothing when it is not there.
  std::optional<std::uint64_t> number(const std::string& path) const;
  /// A text of the report; empty when it is not there.
  std::string text(const std::string& path) const;
  /// Exit code, errors and what it said, in one line.
  std::string shown() const;
};

class migration_run {
 public:
  /// `directory` takes the report; two runs at a time need two.
  static result<migration_run> start(const std::string& program, const std::string& from, const std::string& to,
                                     const std::vector<std::string>& flags, const std::string& directory);

  bool running() { return process_.running(); }
  void kill() { process_.kill(); }
  /// Waits; one that takes longer than `bound` is killed.
  migration_end end(std::chrono::milliseconds bound);

 private:
  std::string report_path() const { return directory_ + "/migration-report"; }
  std::string said_path() const { return directory_ + "/migration-said"; }

  std::string directory_;
  process process_;
};

/// From the start to the end.
migration_end migrate(const std::string& program, const std::string& from, const std::string& to,
                      const std::vector<std::string>& flags, const std::string& directory,
                      std::chrono::milliseconds bound);

}  // namespace quorate::chaos
