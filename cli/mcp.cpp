// The verb mcp: a Model Context Protocol server over standard input and output.
#include <CLI/CLI.hpp>
#include <csignal>
#include <istream>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/llm_client.hpp"
#include "cli/mcp/lines.hpp"
#include "cli/mcp/server.hpp"
#include "cli/mcp/tool_context.hpp"
#include "cli/verb.hpp"

namespace quorate::cli {
namespace {

/// Answers until the input ends or nobody reads the answers any more.
int serve_lines(session& run) {
  // Whoever does not read the answers is gone; that is an end like any other, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  auto model = llm_client_from_environment();
  if (!model) return run.complain(model.error());
  mcp::tool_context context(run, std::move(*model), no_llm_client);
  mcp::server server(context);
  mcp::line_reader lines(run.terminal().in.rdbuf());
  std::string line;
  for (auto got = lines.next(&line); got != mcp::line_reader::outcome::end; got = lines.next(&line)) {
    const auto reply = got == mcp::line_reader::outcome::line ? server.answer(line) : mcp::server::answer_to_too_long();
    if (!reply) continue;
    run.out() << *reply << '\n' << std::flush;
    if (!run.out()) return exit_done;
  }
  return exit_done;
}

}  // namespace

void add_mcp_command(CLI::App& program, session& run) {
  auto feature_tier = std::make_shared<std::string>();
  auto& verb = add_verb(program, "mcp", "Serve the Model Context Protocol on standard input and output",
                        "quorate mcp --endpoints 10.0.0.1:7411,10.0.0.2:7411");
  verb.add_option("--tier", *feature_tier, "Taken for compatibility and ignored: recall goes by words");
  verb.callback([&run, feature_tier] { run.exit = serve_lines(run); });
}

}  // namespace quorate::cli
