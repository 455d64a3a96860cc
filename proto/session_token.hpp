// What a client shows to read its own writes on any node: the place in the logs that an answer must not be older than.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/ids.hpp"

namespace quorate {

/// "<origin>.<epoch>.<sequence>", hexadecimal.
std::string session_token(const log_position& position);

/// Nothing for a text that is no token.
std::optional<log_position> parse_session_token(std::string_view text);

}  // namespace quorate
