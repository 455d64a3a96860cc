#include "net/http/answers.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "memory/json.hpp"
#include "memory/reply_json.hpp"
#include "proto/status.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view retry_after_seconds = "2";

/// Reasons of the error table that have a status of their own; all others are 503, or 500.
struct status_of_reason {
  errc reason;
  int status;
};
constexpr std::array<status_of_reason, 15> statuses{{{errc::invalid_argument, 400},
                                                     {errc::not_found, 404},
                                                     {errc::already_exists, 409},
                                                     {errc::not_permitted, 403},
                                                     {errc::superseded, 409},
                                                     {errc::conflict, 409},
                                                     {errc::unreadable, 409},
                                                     {errc::malformed, 400},
                                                     {errc::storage_failure, 500},
                                                     {errc::corruption, 500},
                                                     {errc::format_too_new, 500},
                                                     {errc::wrong_cluster, 500},
                                                     {errc::wrong_node, 500},
                                                     {errc::in_use, 500},
                                                     {errc::internal, 500}}};

int status_of(const call_result& result) {
  const auto found = std::find_if(statuses.begin(), statuses.end(), [&](const status_of_reason& known) {
    return quorate::name_of(known.reason) == result.reason;
  });
  return found == statuses.end() ? 503 : found->status;
}

bool lacked_copies(const call_result& result) {
  return result.reason == quorate::name_of(errc::quorum_unreachable)
         || result.reason == quorate::name_of(errc::quorum_timeout);
}

/// ai-memory's words for the two that it knows.
std::string reason_of(const call_result& result) {
  if (result.reason == quorate::name_of(errc::quorum_unreachable)) return "unreachable";
  if (result.reason == quorate::name_of(errc::quorum_timeout)) return "timeout";
  return result.reason;
}

std::string described(const call_result& result) {
  return result.field.empty() ? result.message : result.field + ": " + result.message;
}

}  // namespace

answer json_answer(int status, const ordered_json& body) {
  answer out;
  out.status = status;
  out.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return out;
}

answer error_answer(int status, std::string_view text) { return json_answer(status, {{"error", text}}); }

bool is_unavailable(const call_result& result) { return !result.ok() && status_of(result) == 503; }

answer refused(const call_result& result) {
  const int status = status_of(result);
  if (status == 500) return error_answer(status, "internal server error");
  if (status == 409 && result.outcome != call_outcome::rejected)
    return json_answer(status, {{"error", described(result)}, {"outcome", name_of(result.outcome)}});
  if (status != 503) return error_answer(status, described(result));
  ordered_json body{{"error", lacked_copies(result) ? std::string("quorum_not_met") : described(result)},
                    {"got", result.copies},
                    {"needed", result.copies_needed},
                    {"reason", reason_of(result)},
                    {"outcome", name_of(result.outcome)}};
  auto out = json_answer(status, body);
  out.headers.emplace_back("Retry-After", retry_after_seconds);
  return out;
}

answer pending_answer(const v1::PendingNotice& notice) { return json_answer(202, memory::json_of(notice)); }

answer with_session(answer&& written, const std::string& session) {
  if (!session.empty()) written.headers.emplace_back("X-Session-Token", session);
  return std::move(written);
}

answer list_answer(std::string_view name, const google::protobuf::RepeatedPtrField<v1::MemoryRecord>& records,
                   const std::string& next_cursor) {
  answer out;
  out.body.append("{\"").append(name).append("\":[");
  for (const auto& record : records) {
    if (out.body.back() != '[') out.body += ',';
    out.body += memory::to_json(record);
  }
  out.body.append("],\"count\":").append(std::to_string(records.size()));
  if (!next_cursor.empty()) out.body.append(",\"next_cursor\":\"").append(cursor_text(next_cursor)).append("\"");
  out.body += '}';
  return out;
}

std::string cursor_text(std::string_view cursor) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(cursor.size() * 2);
  for (const char c : cursor) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool parse_cursor(std::string_view text, std::string* cursor) {
  if (text.size() % 2 != 0) return false;
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); i += 2) escaped.append("%").append(text.substr(i, 2));
  return decode_percent(escaped, false, cursor);
}

}  // namespace quorate::net::http
