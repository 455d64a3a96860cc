#include "cli/mcp/standards.hpp"

#include <set>
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

// The namespace whose standard holds everywhere.
constexpr const char* everywhere = "*";

ordered_json shown(const v1::Standard& standard) {
  ordered_json json{{"id", standard.standard_id()}};
  json.update(memory::json_of(standard));
  json.erase("standard_id");
  return json;
}

}  // namespace

void add_standards(tool_context& context, const std::string& name_space, ordered_json* payload) {
  v1::GetStandardRequest request;
  request.set_namespace_(name_space.empty() ? everywhere : name_space);
  request.set_inherit(true);
  v1::GetStandardReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) {
    (*payload)["warning"] = "the standards of the namespace could not be read: " + explain(done, {});
    return;
  }
  std::set<std::string> ids;
  auto standards = ordered_json::array();
  for (const auto& standard : reply.standards())
    if (standard.found() && ids.insert(standard.standard_id()).second) standards.push_back(shown(standard));
  if (standards.empty()) return;
  auto others = ordered_json::array();
  for (auto& record : (*payload)["memories"])
    if (!ids.contains(record.value("id", std::string()))) others.push_back(std::move(record));
  (*payload)["count"] = others.size();
  (*payload)["memories"] = std::move(others);
  if (standards.size() == 1)
    (*payload)["standard"] = std::move(standards.front());
  else
    (*payload)["standards"] = std::move(standards);
}

}  // namespace quorate::cli::mcp
