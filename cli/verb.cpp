#include "cli/verb.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <ostream>

#include "memory/reply_json.hpp"

namespace quorate::cli {

CLI::App& add_verb(CLI::App& program, const std::string& name, const std::string& what, const std::string& example) {
  auto& verb = *program.add_subcommand(name, what);
  verb.footer("Example:\n  " + example);
  return verb;
}

void print(session& run, const nlohmann::ordered_json& object) {
  run.out() << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

int report_pending(session& run, const v1::PendingNotice& notice) {
  if (run.json)
    print(run, memory::json_of(notice));
  else
    run.out() << "pending: " << notice.action() << " waits for an approval (" << notice.reason()
              << "): quorate pending approve " << notice.id() << '\n';
  return exit_done;
}

}  // namespace quorate::cli
