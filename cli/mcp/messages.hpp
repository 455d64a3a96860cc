// JSON-RPC 2.0 messages as MCP uses them: reading, and the two kinds of answers.
//
// Pure functions, any thread, any bytes; neither depth nor length of the input costs stack.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::cli::mcp {

using nlohmann::ordered_json;

enum rpc_error : int {
  rpc_parse_error = -32700,
  rpc_invalid_request = -32600,
  rpc_method_not_found = -32601,
  rpc_invalid_params = -32602,
  rpc_internal_error = -32603,
  rpc_unsupported_version = -32022,
};

/// Arrays and objects in each other. Deeper input is refused before anything is made of it.
inline constexpr std::size_t message_depth_max = 64;

/// Any JSON value. invalid_argument for what is none, is no UTF-8 or is nested too deeply; the text says where.
result<ordered_json> parse_message(std::string_view line);

ordered_json result_message(const ordered_json& id, ordered_json outcome);
/// `data` null = none.
ordered_json error_message(const ordered_json& id, rpc_error code, const std::string& text, ordered_json data = {});

/// One line. Bytes that are no UTF-8 become U+FFFD.
std::string line_of(const ordered_json& message);

}  // namespace quorate::cli::mcp
