// The prompts that the server offers: how to work with the memories, in words for a model.
//
// Pure functions, any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/mcp/versions.hpp"
#include "proto/status.hpp"

namespace quorate::cli::mcp {

/// What a client may put into its model's instructions.
std::string_view instructions();

/// The list of prompts/list.
nlohmann::ordered_json prompt_list(revision version);

/// The result of prompts/get. invalid_argument for a name that there is not, or arguments that do not fit.
result<nlohmann::ordered_json> prompt(std::string_view name, const nlohmann::ordered_json& given);

}  // namespace quorate::cli::mcp
