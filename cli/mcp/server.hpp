// An MCP server: a line in, at most one line out.
//
// One per connection, one thread, answers in order. Speaks every revision of versions.hpp at once: a request that names
// its revision is answered by that one, any other by what `initialize` agreed upon (before that: the oldest). Never
// throws, whatever the line holds; a defect in a tool is an internal error and the server goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/mcp/messages.hpp"
#include "cli/mcp/tool_context.hpp"
#include "cli/mcp/versions.hpp"

namespace quorate::cli::mcp {

/// Messages of one batch.
inline constexpr std::size_t batch_max = 100;

class server {
 public:
  /// `context` outlives it.
  explicit server(tool_context& context) : context_(context) {}

  /// The answer, without a line feed; nothing for a notification and for a blank line.
  std::optional<std::string> answer(std::string_view line);
  /// The answer to a line that was too long to be read.
  static std::string answer_to_too_long();

 private:
  /// A request that is well formed.
  struct request {
    ordered_json id;
    std::string method;
    ordered_json params = ordered_json::object();
    revision version = revision::v2024_11_05;
    bool in_batch = false;
  };

  std::optional<ordered_json> answer_batch(const ordered_json& batch);
  std::optional<ordered_json> answer_message(const ordered_json& message, bool in_batch);
  ordered_json answer_request(request& asked);
  ordered_json dispatch(const request& asked);
  ordered_json initialize(const request& asked);
  ordered_json discover(const request& asked) const;
  ordered_json call_tool(const request& asked);
  ordered_json get_prompt(const request& asked) const;

  tool_context& context_;
  revision agreed_ = revision::v2024_11_05;
};

}  // namespace quorate::cli::mcp
