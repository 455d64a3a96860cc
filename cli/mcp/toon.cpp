#include "cli/mcp/toon.hpp"

#include <string_view>
#include <vector>

namespace quorate::cli::mcp {
namespace {

using nlohmann::ordered_json;

using fields = std::vector<std::string_view>;

const fields all_fields{"id",           "title", "tier",   "namespace",  "priority",   "confidence", "score",
                        "access_count", "tags",  "source", "created_at", "updated_at", "metadata"};
const fields compact_fields{"id", "title", "tier", "namespace", "priority", "score", "tags", "agent_id"};
const fields standard_fields{"id", "title", "content"};

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) switch (c) {
      case '\\': out += "\\\\"; break;
      case '|': out += "\\|"; break;
      case ':': out += "\\:"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      default: out += c;
    }
  return out;
}

std::string text_of(const ordered_json& value) {
  if (value.is_null() || (value.is_structured() && value.empty())) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const auto& element : value) {
    if (!list.empty()) list += ',';
    list += element.is_string() ? element.get<std::string>() : element.dump();
  }
  return list;
}

/// What stands in a column; agent_id is one of the metadata.
ordered_json value_at(const ordered_json& row, std::string_view field) {
  if (const auto found = row.find(field); found != row.end()) return *found;
  if (field != "agent_id") return {};
  const auto metadata = row.find("metadata");
  return metadata != row.end() && metadata->is_object() ? metadata->value("agent_id", ordered_json()) : ordered_json();
}

std::string line_of(const ordered_json& row, const fields& columns) {
  std::string line;
  for (const auto field : columns) {
    if (field != columns.front()) line += '|';
    line += escaped(text_of(value_at(row, field)));
  }
  return line + '\n';
}

std::string header_of(std::string_view name, const fields& columns) {
  std::string line(name);
  line += '[';
  for (const auto field : columns) {
    if (field != columns.front()) line += '|';
    line += field;
  }
  return line + "]:\n";
}

}  // namespace

std::string toon(const ordered_json& payload, bool compact) {
  std::string text = "count:" + payload.value("count", ordered_json(0)).dump();
  for (const char* key : {"mode", "tokens_used", "budget_tokens"})
    if (payload.contains(key)) text += std::string("|") + key + ':' + text_of(payload[key]);
  text += '\n';
  auto standards = payload.value("standards", ordered_json::array());
  if (payload.contains("standard")) standards.push_back(payload["standard"]);
  if (!standards.empty()) {
    text += header_of("standards", standard_fields);
    for (const auto& row : standards) text += line_of(row, standard_fields);
  }
  const auto& columns = compact ? compact_fields : all_fields;
  text += header_of("memories", columns);
  const char* list = payload.contains("results") ? "results" : "memories";
  for (const auto& row : payload.value(list, ordered_json::array())) text += line_of(row, columns);
  return text;
}

}  // namespace quorate::cli::mcp
