#include "cli/transcript.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "memory/text.hpp"

namespace quorate::cli {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> names{"claude", "chatgpt", "slack"};
constexpr std::size_t branch_messages_max = 100'000;  // a tree whose parents go round must end

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The object under a key; an empty one when there is none.
const json& object_at(const json& object, const char* key) {
  static const json none = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

void add(conversation& talk, const std::string& who, const std::string& what) {
  if (!memory::trimmed(what).empty()) talk.messages.push_back((who.empty() ? "unknown" : who) + ": " + what);
}

conversation claude_conversation(const json& entry) {
  conversation talk{text_at(entry, "name"), text_at(entry, "uuid"), {}};
  for (const auto& message : entry.value("chat_messages", json::array()))
    if (message.is_object()) add(talk, text_at(message, "sender"), text_at(message, "text"));
  return talk;
}

conversation chatgpt_conversation(const json& entry) {
  conversation talk{text_at(entry, "title"), text_at(entry, "conversation_id"), {}};
  if (talk.id.empty()) talk.id = text_at(entry, "id");
  const auto& nodes = object_at(entry, "mapping");
  std::vector<std::pair<std::string, std::string>> last_first;
  auto at = text_at(entry, "current_node");
  for (std::size_t steps = 0; !at.empty() && nodes.contains(at) && steps < branch_messages_max; ++steps) {
    const auto& message = object_at(nodes[at], "message");
    std::string text;
    for (const auto& part : object_at(message, "content").value("parts", json::array()))
      if (part.is_string()) text += (text.empty() ? "" : "\n") + part.get<std::string>();
    const auto who = text_at(object_at(message, "author"), "role");
    if (who != "system" && who != "tool") last_first.emplace_back(who, std::move(text));
    at = text_at(nodes[at], "parent");
  }
  for (auto each = last_first.rbegin(); each != last_first.rend(); ++each) add(talk, each->first, each->second);
  return talk;
}

conversation slack_conversation(const json& messages) {
  conversation talk;
  for (const auto& message : messages) {
    if (!message.is_object()) continue;
    const auto name = text_at(object_at(message, "user_profile"), "real_name");
    add(talk, name.empty() ? text_at(message, "user") : name, text_at(message, "text"));
  }
  return talk;
}

/// What a record's text may hold: line ends as \n, other control characters and broken UTF-8 as blanks.
std::string cleaned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = memory::first_scalar(text);
    const bool control = next.value < 0x20 || (next.value >= 0x7F && next.value < 0xA0);
    const bool kept = next.bytes > 0 && (!control || next.value == '\n' || next.value == '\t');
    if (kept)
      out.append(text.substr(0, next.bytes));
    else if (!text.starts_with("\r\n"))  // of a line end of two the second is enough
      out += ' ';
    text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
  }
  return out;
}

/// The longest beginning of at most so many bytes that ends with a whole character.
std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::optional<transcript_format> transcript_format_of(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<transcript_format>(found - names.begin());
}

result<std::vector<conversation>> read_transcript(transcript_format format, std::string_view text) {
  const auto document = json::parse(text, nullptr, false);
  if (!document.is_array()) return status::invalid("PATH", "is no export of that program: not a JSON list");
  if (format == transcript_format::slack) return std::vector<conversation>{slack_conversation(document)};
  std::vector<conversation> all;
  for (const auto& entry : document) {
    if (!entry.is_object()) return status::invalid("PATH", "is no export of that program: an entry is no object");
    all.push_back(format == transcript_format::claude ? claude_conversation(entry) : chatgpt_conversation(entry));
  }
  return all;
}

std::vector<std::string> contents_of(const conversation& talk, std::size_t bytes_max) {
  std::vector<std::string> parts;
  std::string part;
  const auto end_part = [&] {
    if (!memory::trimmed(part).empty()) parts.push_back(part);
    part.clear();
  };
  for (const auto& message : talk.messages) {
    const auto text = cleaned(message);
    std::string_view left = text;
    if (!part.empty() && part.size() + 1 + left.size() > bytes_max) end_part();
    if (!part.empty()) part += '\n';
    while (part.size() + left.size() > bytes_max) {
      const auto piece = beginning(left, bytes_max - part.size());
      part.append(piece);
      left.remove_prefix(piece.size());
      end_part();
    }
    part.append(left);
  }
  end_part();
  return parts;
}

}  // namespace quorate::cli
