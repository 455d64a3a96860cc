// What a tool is: its name and description, its parameters, what it does to the memories, and the function that does
// it.
//
// The table is made once and never changes; any thread may read it. A function of it gets arguments that keep their
// rules and returns a result; a failure is a result too, in words for a model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/mcp/parameters.hpp"
#include "cli/mcp/versions.hpp"
#include "net/client.hpp"

namespace quorate::cli::mcp {

class tool_context;

struct tool_result {
  ordered_json payload;  ///< an object; null when the text says it all
  std::string text;      ///< what is shown when there is no payload
  bool failed = false;
};

tool_result succeed(ordered_json payload);
tool_result succeed_in_words(std::string text);
tool_result fail(std::string text);
tool_result fail(const status& error);
/// `done` as in `explain` of cli/session.hpp; empty for reads.
tool_result fail(const net::call_result& result, std::string_view done = {});

/// What a call may change, for whoever has to allow it.
enum class effect : unsigned char {
  reads,      ///< nothing
  adds,       ///< something comes to be, or is noted
  adds_once,  ///< the same, and doing it twice is as doing it once
  removes,    ///< something is changed or gone afterwards
};

struct tool {
  std::string name;
  std::string title;
  std::string description;
  effect does = effect::reads;
  std::vector<parameter> parameters;
  tool_result (*run)(tool_context& context, const arguments& given) = nullptr;
};

/// All of them, always in this order.
const std::vector<tool>& tools();
/// A null pointer when there is none of that name.
const tool* find_tool(std::string_view name);
/// As tools/list shows it.
ordered_json describe(const tool& which, revision version);

// The groups of the table, one file each.
std::vector<tool> record_tools();
std::vector<tool> recall_tools();
std::vector<tool> curation_tools();
std::vector<tool> archive_tools();
std::vector<tool> model_tools();
std::vector<tool> standard_tools();
std::vector<tool> agent_tools();
std::vector<tool> message_tools();

}  // namespace quorate::cli::mcp
