#include "cli/mcp/messages.hpp"

#include <utility>

namespace quorate::cli::mcp {
namespace {

/// Whether brackets outside of strings are nested deeper than allowed. Exact for JSON; for anything else it does not
/// matter what it says.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > message_depth_max) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

result<ordered_json> parse_message(std::string_view line) {
  if (too_deep(line))
    return status(errc::invalid_argument, "nested deeper than " + std::to_string(message_depth_max) + " levels");
  try {
    return ordered_json::parse(line);
  } catch (const nlohmann::json::parse_error& error) {
    return status(errc::invalid_argument, "no JSON at byte " + std::to_string(error.byte));
  } catch (const nlohmann::json::exception&) {
    // A number beyond the range of a double.
    return status(errc::invalid_argument, "a value out of range");
  }
}

ordered_json result_message(const ordered_json& id, ordered_json outcome) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(outcome)}};
}

ordered_json error_message(const ordered_json& id, rpc_error code, const std::string& text, ordered_json data) {
  ordered_json error{{"code", static_cast<int>(code)}, {"message", text}};
  if (!data.is_null()) error["data"] = std::move(data);
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}};
}

std::string line_of(const ordered_json& message) {
  return message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace quorate::cli::mcp
