// Conversations out of the export files of chat programs: Claude, ChatGPT, Slack.
//
// Pure, any thread. What a file holds besides is ignored; a file that is no such export is an invalid_argument.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/status.hpp"

namespace quorate::cli {

enum class transcript_format : std::uint8_t { claude, chatgpt, slack };

/// "claude", "chatgpt", "slack"; nothing for anything else.
std::optional<transcript_format> transcript_format_of(std::string_view name);

struct conversation {
  std::string title;  ///< as its program shows it; empty when it has none
  std::string id;
  std::vector<std::string> messages;  ///< "who: what", in order; empty ones left out
};

/// All conversations of one file. Of a ChatGPT conversation the branch that was shown last.
result<std::vector<conversation>> read_transcript(transcript_format format, std::string_view text);

/// The messages as contents of records: each at most `bytes_max` bytes, cut between messages where that is possible,
/// without the control characters that a record may not have.
std::vector<std::string> contents_of(const conversation& talk, std::size_t bytes_max);

}  // namespace quorate::cli
