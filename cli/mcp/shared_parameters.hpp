// What several groups of tools have in common: parameters that mean the same everywhere, and reading them.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "cli/mcp/parameters.hpp"
#include "cli/mcp/tool.hpp"
#include "memory/reply_json.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::cli::mcp {

/// "short", "mid", "long".
std::vector<std::string> tier_names();

parameter id_parameter(std::string description);
parameter namespace_parameter(std::string description);
parameter tier_parameter(std::string description);
parameter priority_parameter();
parameter confidence_parameter();
/// How many, from 1; more than `most` means `most`.
parameter limit_parameter(std::int64_t by_default, std::int64_t most);
/// json, toon or toon_compact.
parameter format_parameter();
/// Who acts, when it is not the caller.
parameter agent_parameter();

/// The tier asked for; TIER_UNSPECIFIED when absent.
v1::Tier tier_of(const arguments& given);
/// Namespace, tier, since, until, tags and agent_id, as far as given.
v1::RecordFilter filter_of(const arguments& given);

/// The list as the caller wants it: JSON, or a table in words.
tool_result in_format(ordered_json payload, const arguments& given);

/// Lists of parts that reply_json knows.
template <class Range>
ordered_json json_list(const Range& range) {
  auto list = ordered_json::array();
  for (const auto& element : range) list.push_back(memory::json_of(element));
  return list;
}

}  // namespace quorate::cli::mcp
