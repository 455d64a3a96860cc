#include "cli/mcp/server.hpp"

#include <exception>
#include <utility>

#include "cli/mcp/prompts.hpp"
#include "cli/mcp/tool.hpp"

namespace quorate::cli::mcp {
namespace {

constexpr const char* version_key = "io.modelcontextprotocol/protocolVersion";
constexpr const char* client_info_key = "io.modelcontextprotocol/clientInfo";
constexpr const char* client_capabilities_key = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* server_info_key = "io.modelcontextprotocol/serverInfo";
// The lists change with the program only.
constexpr int list_ttl_ms = 3'600'000;

ordered_json server_info() { return {{"name", "quorate"}, {"version", QUORATE_VERSION}}; }

ordered_json capabilities() { return {{"tools", ordered_json::object()}, {"prompts", ordered_json::object()}}; }

ordered_json supported_versions() {
  auto list = ordered_json::array();
  for (const auto which : revisions) list.push_back(text_of(which));
  return list;
}

/// A member of an object; null when there is none.
const ordered_json& at(const ordered_json& value, const char* key) {
  static const ordered_json none;
  if (!value.is_object()) return none;
  const auto found = value.find(key);
  return found == value.end() ? none : *found;
}

std::string text_at(const ordered_json& value, const char* key) {
  const auto& found = at(value, key);
  return found.is_string() ? found.get<std::string>() : std::string();
}

/// What every result of a modern revision has around its own members.
ordered_json finished(revision version, ordered_json members, bool cacheable = false) {
  if (!is_modern(version)) return members;
  ordered_json whole{{"resultType", "complete"}};
  whole.update(members);
  if (cacheable) {
    whole["ttlMs"] = list_ttl_ms;
    whole["cacheScope"] = "public";
  }
  whole["_meta"] = {{server_info_key, server_info()}};
  return whole;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

std::string server::answer_to_too_long() {
  return line_of(error_message(nullptr, rpc_parse_error, "parse error: the line is too long"));
}

std::optional<std::string> server::answer(std::string_view line) {
  if (is_blank(line)) return std::nullopt;
  const auto message = parse_message(line);
  if (!message) return line_of(error_message(nullptr, rpc_parse_error, "parse error: " + message.error().context()));
  const auto reply = message->is_array() ? answer_batch(*message) : answer_message(*message, false);
  if (!reply) return std::nullopt;
  return line_of(*reply);
}

std::optional<ordered_json> server::answer_batch(const ordered_json& batch) {
  if (!has_batches(agreed_))
    return error_message(nullptr, rpc_invalid_request,
                         "batches belong to revision 2025-03-26 only; send one message a line");
  if (batch.empty() || batch.size() > batch_max)
    return error_message(nullptr, rpc_invalid_request, "a batch holds 1 to " + std::to_string(batch_max) + " messages");
  auto replies = ordered_json::array();
  for (const auto& message : batch)
    if (auto reply = answer_message(message, true)) replies.push_back(std::move(*reply));
  if (replies.empty()) return std::nullopt;
  return replies;
}

std::optional<ordered_json> server::answer_message(const ordered_json& message, bool in_batch) {
  if (!message.is_object()) return error_message(nullptr, rpc_invalid_request, "a message is an object");
  const auto& id = at(message, "id");
  const bool legal_id = id.is_string() || id.is_number_integer();
  const auto echoed = legal_id ? id : ordered_json();
  const auto& method = at(message, "method");
  if (!method.is_string()) {
    // An answer: to nothing, for nothing was ever asked. To answer it could go on for ever.
    if (message.contains("result") || message.contains("error")) return std::nullopt;
    return error_message(echoed, rpc_invalid_request, "a message has a method");
  }
  if (text_at(message, "jsonrpc") != "2.0")
    return error_message(echoed, rpc_invalid_request, "jsonrpc must be \"2.0\"");
  if (id.is_null()) {
    if (method == "initialize") context_.introduce(text_at(at(at(message, "params"), "clientInfo"), "name"));
    return std::nullopt;
  }
  if (!legal_id) return error_message(nullptr, rpc_invalid_request, "an id is a string or a whole number");
  request asked;
  asked.id = id;
  asked.method = method.get<std::string>();
  asked.in_batch = in_batch;
  if (const auto& params = at(message, "params"); params.is_object())
    asked.params = params;
  else if (!params.is_null())
    return error_message(id, rpc_invalid_params, "params must be an object");
  try {
    return answer_request(asked);
  } catch (const std::exception& defect) {
    return error_message(id, rpc_internal_error, std::string("a defect in this program: ") + defect.what());
  }
}

/// Finds out which revision the request is of.
ordered_json server::answer_request(request& asked) {
  const auto& meta = at(asked.params, "_meta");
  asked.version = agreed_;
  const bool names_itself =
      meta.is_object()
      && (meta.contains(version_key) || meta.contains(client_capabilities_key) || meta.contains(client_info_key));
  if (names_itself || asked.method == "server/discover") {
    const auto& wanted = at(meta, version_key);
    if (!wanted.is_string())
      return error_message(asked.id, rpc_invalid_params, std::string("_meta lacks ") + version_key);
    const auto known = revision_of(wanted.get<std::string>());
    if (!known)
      return error_message(asked.id, rpc_unsupported_version, "Unsupported protocol version",
                           {{"supported", supported_versions()}, {"requested", wanted}});
    if (!at(meta, client_capabilities_key).is_object())
      return error_message(asked.id, rpc_invalid_params, std::string("_meta lacks ") + client_capabilities_key);
    asked.version = *known;
    context_.introduce(text_at(at(meta, client_info_key), "name"));
  }
  return dispatch(asked);
}

ordered_json server::dispatch(const request& asked) {
  const auto version = asked.version;
  const auto& method = asked.method;
  if (method == "server/discover") return discover(asked);
  if (method == "tools/call") return call_tool(asked);
  if (method == "prompts/get") return get_prompt(asked);
  if (method == "tools/list") {
    auto list = ordered_json::array();
    for (const auto& which : tools()) list.push_back(describe(which, version));
    return result_message(asked.id, finished(version, {{"tools", std::move(list)}}, true));
  }
  if (method == "prompts/list")
    return result_message(asked.id, finished(version, {{"prompts", prompt_list(version)}}, true));
  if (!is_modern(version)) {
    if (method == "initialize") return initialize(asked);
    if (method == "ping" || method == "notifications/initialized")
      return result_message(asked.id, ordered_json::object());
  }
  return error_message(asked.id, rpc_method_not_found, "method not found: " + method);
}

ordered_json server::initialize(const request& asked) {
  if (asked.in_batch) return error_message(asked.id, rpc_invalid_request, "initialize must not be part of a batch");
  const auto& wanted = at(asked.params, "protocolVersion");
  if (!wanted.is_null() && !wanted.is_string())
    return error_message(asked.id, rpc_invalid_params, "protocolVersion must be a string");
  if (wanted.is_null()) {
    agreed_ = revision::v2024_11_05;
  } else {
    const auto known = revision_of(wanted.get<std::string>());
    agreed_ = known && !is_modern(*known) ? *known : latest_legacy;
  }
  context_.introduce(text_at(at(asked.params, "clientInfo"), "name"));
  return result_message(asked.id, {{"protocolVersion", text_of(agreed_)},
                                   {"capabilities", capabilities()},
                                   {"serverInfo", server_info()},
                                   {"instructions", instructions()}});
}

ordered_json server::discover(const request& asked) const {
  return result_message(asked.id, finished(revision::v2026_07_28,
                                           {{"supportedVersions", supported_versions()},
                                            {"capabilities", capabilities()},
                                            {"instructions", instructions()}},
                                           true));
}

ordered_json server::call_tool(const request& asked) {
  const auto name = text_at(asked.params, "name");
  if (name.empty()) return error_message(asked.id, rpc_invalid_params, "the name of a tool is required");
  const auto* which = find_tool(name);
  if (which == nullptr) return error_message(asked.id, rpc_invalid_params, "unknown tool: " + name);
  auto given = at(asked.params, "arguments");
  if (given.is_null()) given = ordered_json::object();
  if (!given.is_object()) return error_message(asked.id, rpc_invalid_params, "arguments must be an object");

  const auto read = read_arguments(which->parameters, given);
  auto done = read ? which->run(context_, *read) : fail(read.error());
  const bool has_payload = !done.payload.is_null();
  if (has_payload) done.text = done.payload.dump(2, ' ', false, ordered_json::error_handler_t::replace);
  ordered_json members{{"content", ordered_json::array({{{"type", "text"}, {"text", std::move(done.text)}}})}};
  if (has_payload && has_structured_content(asked.version)) members["structuredContent"] = std::move(done.payload);
  if (done.failed) members["isError"] = true;
  return result_message(asked.id, finished(asked.version, std::move(members)));
}

ordered_json server::get_prompt(const request& asked) const {
  const auto name = text_at(asked.params, "name");
  if (name.empty()) return error_message(asked.id, rpc_invalid_params, "the name of a prompt is required");
  auto given = at(asked.params, "arguments");
  if (given.is_null()) given = ordered_json::object();
  if (!given.is_object()) return error_message(asked.id, rpc_invalid_params, "arguments must be an object");
  auto found = prompt(name, given);
  if (!found) return error_message(asked.id, rpc_invalid_params, found.error().message());
  return result_message(asked.id, finished(asked.version, std::move(*found)));
}

}  // namespace quorate::cli::mcp
