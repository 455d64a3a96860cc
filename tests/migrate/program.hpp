// The program, run as a person runs it, for the cases of migration. Main thread only.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chaos/private_postgres.hpp"
#include "chaos/process.hpp"
#include "chaos/scratch_directory.hpp"

namespace quorate::migrate_tests {

/// A directory for the files of a case, and for what the program keeps between runs.
class place {
 public:
  place();
  const std::string& path() const { return directory_.path(); }
  std::string file(const std::string& name) const { return path() + '/' + name; }
  std::string sqlite(const std::string& name) const { return "sqlite://" + file(name); }
  std::string rocksdb(const std::string& name) const { return "rocksdb://" + file(name); }

 private:
  chaos::scratch_directory directory_;
};

struct ended {
  int code = -1;
  std::string output;   ///< both streams
  nlohmann::json json;  ///< of `migrate --json`
};

/// `quorate ARGUMENTS`, to its end.
ended run(const place& where, std::vector<std::string> arguments);
/// `quorate migrate --from --to --json ARGUMENTS`.
ended migrate(const place& where, const std::string& from, const std::string& to,
              std::vector<std::string> arguments = {"--verify"});
/// The same, not waited for.
chaos::process begin(const place& where, const std::string& from, const std::string& to,
                     std::vector<std::string> arguments = {"--verify"});

/// A migration without any error whose two digests are equal; the digest.
std::string require_equal(const ended& migration);

/// What two SQLite files say differently, and what is wrong with the first, one line each.
std::vector<std::string> differences(const std::string& ours, const std::string& theirs);

/// Null, with a message, where there is none and none is required (QUORATE_NEED_POSTGRES).
std::unique_ptr<chaos::private_postgres> start_postgres();

/// How many memories the large cases move: QUORATE_MIGRATE_MEMORIES, else a number that fits every run of the tests.
std::uint64_t many_memories();

}  // namespace quorate::migrate_tests
