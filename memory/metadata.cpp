#include "memory/metadata.hpp"

#include <nlohmann/json.hpp>

#include "memory/compact_json.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

/// Parser events into a compact_json_writer. Refusing an event ends the parse; nothing is thrown.
class metadata_events {
 public:
  explicit metadata_events(std::string_view text) : text_(text) {}

  bool null() { return writing("null") && writer_.literal("null"); }
  bool boolean(bool value) { return writing("true or false") && writer_.literal(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return writing("a number") && writer_.integer(value); }
  bool number_unsigned(std::uint64_t value) { return writing("a number") && writer_.unsigned_integer(value); }
  bool number_float(double, const std::string& token) { return writing("a number") && writer_.number(token); }
  bool string(std::string& value) { return writing("a string") && writer_.string(value); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // no such thing in text
  bool start_object(std::size_t) {
    begun_ = true;
    return writer_.begin_object();
  }
  bool key(std::string& name) { return writer_.key(name); }
  bool end_object() { return writer_.end_object(); }
  bool start_array(std::size_t) { return writing("an array") && writer_.begin_array(); }
  bool end_array() { return writer_.end_array(); }

  template <class Exception>
  bool parse_error(std::size_t bytes_read, const std::string&, const Exception&) {
    broken_rule_ = "must be a JSON object: " + describe_malformed(text_, bytes_read);
    return false;
  }

  std::string take_text() { return writer_.take_text(); }
  std::string broken_rule() const { return broken_rule_.empty() ? writer_.broken_rule() : broken_rule_; }

 private:
  /// Whether the object has begun; if not, `what` stands in its place.
  bool writing(std::string_view what) {
    if (!begun_) broken_rule_ = "must be a JSON object, got " + std::string(what);
    return begun_;
  }

  std::string_view text_;
  compact_json_writer writer_{limits::metadata_depth_max};
  bool begun_ = false;
  std::string broken_rule_;
};

std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

std::size_t end_of_value(std::string_view text, std::size_t at) {
  for (std::size_t depth = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at) - 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}')) {
      return at;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return at;
}

std::string quoted(std::string_view name) { return std::string(1, '"').append(name).append(1, '"'); }

/// Calls `see` with the quoted key and the value of each top-level member, as parts of the text, until it answers
/// false. Reads outside of `object` for no input.
template <class See>
void for_each_member(std::string_view object, See see) {
  std::size_t at = 1;
  while (at < object.size() && object[at] == '"') {
    const std::size_t key_end = end_of_string(object, at);
    const std::size_t value = std::min(key_end + 1, object.size());
    const std::size_t value_end = end_of_value(object, value);
    if (!see(object.substr(at, key_end - at), object.substr(value, value_end - value))) return;
    at = value_end + 1;
  }
}

std::optional<std::string_view> find_quoted(std::string_view object, std::string_view quoted_key) {
  std::optional<std::string_view> found;
  for_each_member(object, [&](std::string_view key, std::string_view value) {
    if (key == quoted_key) found = value;
    return !found;
  });
  return found;
}

void set_quoted(std::string& object, std::string_view quoted_key, std::string_view value) {
  if (const auto old = find_quoted(object, quoted_key)) {
    object.replace(static_cast<std::size_t>(old->data() - object.data()), old->size(), value);
    return;
  }
  const bool first = object.size() <= 2;
  object.pop_back();
  if (!first) object += ',';
  object.append(quoted_key).append(1, ':').append(value).append(1, '}');
}

}  // namespace

result<std::string> compact_metadata(std::string_view text) {
  if (text.empty() || text == "{}") return std::string("{}");
  metadata_events events(text);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &events)) {
    return status::invalid("metadata", events.broken_rule());
  }
  std::string compact = events.take_text();
  if (compact.size() > limits::metadata_bytes_max) {
    return status::invalid("metadata", "must have at most " + std::to_string(limits::metadata_bytes_max)
                                           + " bytes as compact JSON, got " + std::to_string(compact.size()));
  }
  return compact;
}

std::string keep_agent_id(std::string_view incoming, std::string_view existing) {
  const auto old_agent = find_member(existing, "agent_id");
  if (!old_agent || *old_agent == "null") return std::string(incoming);
  return with_member(incoming, "agent_id", *old_agent);
}

std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
  return find_quoted(object, quoted(name));
}

std::optional<std::string> text_member(std::string_view object, std::string_view name) {
  const auto value = find_member(object, name);
  if (!value || !value->starts_with('"')) return std::nullopt;
  const auto text = nlohmann::json::parse(*value, nullptr, false);
  if (!text.is_string()) return std::nullopt;
  return text.get<std::string>();
}

std::string with_member(std::string_view object, std::string_view name, std::string_view value) {
  std::string changed(object);
  set_quoted(changed, quoted(name), value);
  return changed;
}

std::string with_text_member(std::string_view object, std::string_view name, std::string_view text) {
  std::string value;
  append_json_string(value, text);
  return with_member(object, name, value);
}

std::string with_members(std::string_view object, std::string_view over, std::string_view skipped) {
  std::string changed(object);
  const std::string skipped_key = quoted(skipped);
  for_each_member(over, [&](std::string_view key, std::string_view value) {
    if (key != skipped_key) set_quoted(changed, key, value);
    return true;
  });
  return changed;
}

}  // namespace quorate::memory
