// The shapes of answers: JSON, errors, and what becomes of a call that was not done.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/repeated_ptr_field.h>
#include <nlohmann/json_fwd.hpp>

#include "net/client.hpp"
#include "net/http/exchange.hpp"

namespace quorate::net::http {

answer json_answer(int status, const nlohmann::ordered_json& body);
/// {"error": text}
answer error_answer(int status, std::string_view text);

/// A call that was not done. 503 says how many copies there are, how many it takes, why, and whether the write may
/// surface later all the same.
answer refused(const call_result& result);

/// Whether another try, here or elsewhere, could do it: what 503 stands for.
bool is_unavailable(const call_result& result);

/// 202: the act waits for an approval.
answer pending_answer(const v1::PendingNotice& notice);

/// The session of a write goes back with its answer.
answer with_session(answer&& written, const std::string& session);

/// {"<name>":[...],"count":n} and, when there is more, "next_cursor".
answer list_answer(std::string_view name, const google::protobuf::RepeatedPtrField<v1::MemoryRecord>& records,
                   const std::string& next_cursor = {});

/// A cursor as text for URLs and JSON, and back; nothing for a text that is none.
std::string cursor_text(std::string_view cursor);
bool parse_cursor(std::string_view text, std::string* cursor);

}  // namespace quorate::net::http
