#include "cli/mcp/tool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/session.hpp"

namespace quorate::cli::mcp {
namespace {

std::vector<tool> make_tools() {
  std::vector<tool> all;
  for (auto make : {record_tools, recall_tools, curation_tools, archive_tools, model_tools, standard_tools, agent_tools,
                    message_tools}) {
    auto group = make();
    std::move(group.begin(), group.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

tool_result succeed(ordered_json payload) { return {std::move(payload), {}, false}; }
tool_result succeed_in_words(std::string text) { return {{}, std::move(text), false}; }
tool_result fail(std::string text) { return {{}, std::move(text), true}; }
tool_result fail(const status& error) { return fail(error.message()); }
tool_result fail(const net::call_result& result, std::string_view done) { return fail(explain(result, done)); }

const std::vector<tool>& tools() {
  static const std::vector<tool> all = make_tools();
  return all;
}

const tool* find_tool(std::string_view name) {
  const auto found = std::find_if(tools().begin(), tools().end(), [&](const tool& it) { return it.name == name; });
  return found == tools().end() ? nullptr : &*found;
}

ordered_json describe(const tool& which, revision version) {
  ordered_json shown{{"name", which.name}};
  if (has_titles(version)) shown["title"] = which.title;
  shown["description"] = which.description;
  shown["inputSchema"] = schema_of(which.parameters);
  if (has_annotations(version))
    shown["annotations"] = {{"title", which.title},
                            {"readOnlyHint", which.does == effect::reads},
                            {"destructiveHint", which.does == effect::removes},
                            {"idempotentHint", which.does == effect::reads || which.does == effect::adds_once},
                            {"openWorldHint", false}};
  return shown;
}

}  // namespace quorate::cli::mcp
