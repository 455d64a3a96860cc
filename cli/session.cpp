#include "cli/session.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/parse.hpp"

namespace quorate::cli {
namespace {

constexpr std::string_view embedded_name = "embedded";
constexpr std::int64_t timeout_ms_min = 1;

std::string copies_of(const net::call_result& result) {
  if (result.copies_needed == 0) return {};
  return " (copies " + std::to_string(result.copies) + " of " + std::to_string(result.copies_needed) + " needed)";
}

std::string error_object(const net::call_result& result) {
  const nlohmann::ordered_json error{
      {"outcome", net::name_of(result.outcome)}, {"reason", result.reason}, {"copies", result.copies},
      {"copies_needed", result.copies_needed},   {"field", result.field},   {"message", result.message}};
  return nlohmann::ordered_json{{"error", error}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string explain(const net::call_result& result, std::string_view done) {
  switch (result.outcome) {
    case net::call_outcome::indeterminate:
      return "unknown: may have been " + std::string(done) + copies_of(result) + ": " + result.message;
    case net::call_outcome::superseded:
      return "superseded: " + std::string(done) + copies_of(result) + ", but a newer version was already there";
    default: break;
  }
  if (!result.field.empty()) return result.field + ": " + result.message;
  if (done.empty() || !net::may_move_on(result)) return result.reason + ": " + result.message;
  return "rejected: certainly not " + std::string(done) + copies_of(result) + ": " + result.reason + ": "
         + result.message;
}

int session::complain(std::string_view text, int code) {
  console_.err << "quorate: " << text << '\n';
  return code;
}

int session::complain(const status& error) {
  if (json) {
    net::call_result result;
    result.outcome = net::call_outcome::rejected;
    result.reason = name_of(error.code());
    result.field = error.field();
    result.message = error.context();
    out() << error_object(result) << '\n';
  }
  return complain(error.message(), exit_code_of(error));
}

int session::complain(const net::call_result& result, std::string_view done) {
  if (json) out() << error_object(result) << '\n';
  return complain(explain(result, done), exit_code_of(result));
}

result<net::client_options> session::options() const {
  auto milliseconds = parse_duration_ms("--timeout", timeout);
  if (!milliseconds) return milliseconds.error();
  if (*milliseconds < timeout_ms_min) return status::invalid("--timeout", "must be at least 1ms, got " + timeout);
  return net::client_options{.timeout_ms = *milliseconds};
}

result<std::unique_ptr<net::client>> session::connect_embedded(const net::client_options& options) {
  if (!parts_.open_embedded) return status::invalid("--data", "this program was built without a node");
  if (!embedded_) {
    auto opened = parts_.open_embedded(data);
    if (!opened) return opened.error();
    embedded_ = std::move(*opened);
  }
  return std::make_unique<net::client>(embedded_->channel(), std::string(embedded_name), options);
}

result<std::unique_ptr<net::client>> session::connect() {
  const auto chosen = options();
  if (!chosen) return chosen.error();
  if (!data.empty()) return connect_embedded(*chosen);
  auto addresses = parse_endpoints("--endpoints", endpoints);
  if (!addresses) return addresses.error();
  return std::make_unique<net::client>(std::move(*addresses), *chosen);
}

result<std::vector<std::unique_ptr<net::client>>> session::connect_to_each() {
  std::vector<std::unique_ptr<net::client>> clients;
  auto first = connect();
  if (!first) return first.error();
  const auto addresses = (*first)->endpoints();
  if (!data.empty()) {
    clients.push_back(std::move(*first));
    return clients;
  }
  const auto chosen = options();
  if (!chosen) return chosen.error();
  for (const auto& address : addresses)
    clients.push_back(std::make_unique<net::client>(std::vector<std::string>{address}, *chosen));
  return clients;
}

bool lacked_quorum(const net::call_result& result) {
  // A node that is being filled counts for nothing: it lacks a quorum as long as no other node was found to have one.
  return result.outcome == net::call_outcome::indeterminate || result.reason == name_of(errc::quorum_unreachable)
         || result.reason == name_of(errc::quorum_timeout) || result.reason == name_of(errc::filling);
}

int exit_code_of(const net::call_result& result) {
  if (result.ok()) return exit_done;
  if (lacked_quorum(result)) return exit_no_quorum;
  return result.reason == name_of(errc::invalid_argument) ? exit_usage : exit_failed;
}

int exit_code_of(const status& error) {
  switch (error.code()) {
    case errc::ok: return exit_done;
    case errc::invalid_argument:
    case errc::wrong_node:
    case errc::wrong_cluster:
    case errc::format_too_new:
    case errc::in_use: return exit_usage;
    default: return exit_failed;
  }
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string text_of(const v1::Version& version) {
  std::string node(8, '\0');
  for (std::size_t i = 0; i < node.size(); ++i)
    node[i] = static_cast<char>(version.node() >> (8 * (node.size() - 1 - i)));
  return std::to_string(version.time()) + "@" + hex(node);
}

}  // namespace quorate::cli
