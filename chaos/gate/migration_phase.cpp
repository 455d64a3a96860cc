#include "chaos/gate/checks.hpp"
#include "chaos/gate/phases.hpp"
#include "chaos/gate/program.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {

nlohmann::ordered_json run_migration_phase(const phase_options& options) {
  const auto start = steady_clock::now();
  checks all;
  if (const quorate_program program(options.program); program.has("migrate"))
    all.add("round trip", false, "the program has the verb migrate, but this gate has no check of it");
  else
    all.missing("round trip of 10,000 records over SQLite and PostgreSQL, contents compared", "verb migrate");
  return {{"phase", 3},
          {"pass", all.pass()},
          {"reasons", all.reasons()},
          {"checks", all.list()},
          {"report_forward", nullptr},
          {"report_idempotent", nullptr},
          {"report_reverse", nullptr},
          {"src_count", 0},
          {"dst_count", 0},
          {"seconds", milliseconds_since(start) / 1'000}};
}

}  // namespace quorate::chaos
