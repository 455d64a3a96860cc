// The compact table form of lists of memories: one header, then a row of values for each.
//
// Pure functions, any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quorate::cli::mcp {

/// `payload` as the tools that list make it: `memories` or `results`, `count`, and whatever of `mode`, `tokens_used`,
/// `budget_tokens`, `standard`, `standards` there is. `compact` leaves out content, times and metadata.
std::string toon(const nlohmann::ordered_json& payload, bool compact);

}  // namespace quorate::cli::mcp
