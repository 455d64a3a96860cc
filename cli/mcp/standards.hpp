// What a namespace expects of those who work in it, put beside the memories that are shown to them.
//
// Functions over a tool_context, its thread. Standards that cannot be read are said to be missing; the memories are
// shown all the same.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quorate::cli::mcp {

class tool_context;

/// Adds `standard` (one) or `standards` (several, outermost first) of the namespace and those above it to a list of
/// `memories`, takes the memories that they are out of it and counts anew. An empty namespace means those that hold
/// everywhere.
void add_standards(tool_context& context, const std::string& name_space, nlohmann::ordered_json* payload);

}  // namespace quorate::cli::mcp
