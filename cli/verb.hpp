// What all verbs are made of: how one is added to the command line, how it asks a node, how it answers.
//
// Used on the thread that parses the command line, during the parse.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "cli/session.hpp"

namespace CLI {
class App;
}

namespace quorate::cli {

/// Adds a verb. Its help ends with the example, which is a whole command line.
CLI::App& add_verb(CLI::App& program, const std::string& name, const std::string& what, const std::string& example);

/// One line of JSON on stdout; bytes that are not UTF-8 become U+FFFD.
void print(session& run, const nlohmann::ordered_json& object);

/// Who calls: --agent-id, else QUORATE_AGENT_ID, else AI_MEMORY_AGENT_ID, else a name made of host and process.
std::string caller_of(const session& run);

/// An act that waits for an approval, as JSON or text. Returns exit_done: nothing failed.
int report_pending(session& run, const v1::PendingNotice& notice);

/// How a write was done: "copies 2/2, retried". StoreReply, DeleteReply, WriteReceipt.
template <class Receipt>
std::string ending_of(const Receipt& receipt) {
  return "copies " + std::to_string(receipt.copies()) + "/" + std::to_string(receipt.copies_needed())
         + (receipt.retried() ? ", retried" : "");
}

/// Asks a node. exit_done when it answered; else what went wrong has been printed and the exit code is returned.
/// `done` as in session::complain.
template <class Request, class Reply>
int ask(session& run, const Request& request, Reply* reply, std::string_view done = {}) {
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  const auto result = (*client)->call(request, reply);
  return result.ok() ? static_cast<int>(exit_done) : run.complain(result, done);
}

}  // namespace quorate::cli
