#include "memory/json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "memory/compact_json.hpp"
#include "memory/metadata.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

void append_key(std::string& out, std::string_view key) {
  out += out.size() == 1 ? "\"" : ",\"";
  out.append(key).append("\":");
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  append_key(out, key);
  append_json_string(out, text);
}

void append_integer(std::string& out, std::string_view key, std::int64_t number) {
  append_key(out, key);
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

/// The shortest text that reads back as the same number, recognisable as a fraction: 1.0, 0.1, 1e-07.
void append_fraction(std::string& out, std::string_view key, double number) {
  append_key(out, key);
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char text[32];
  const std::string_view shortest(text,
                                  static_cast<std::size_t>(std::to_chars(text, text + sizeof text, number).ptr - text));
  out += shortest;
  if (shortest.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_metadata(std::string& out, std::string_view metadata) {
  append_key(out, "metadata");
  if (const auto compact = compact_metadata(metadata)) {
    out += *compact;
  } else {
    append_json_string(out, metadata);
  }
}

enum class json_field {
  id,
  tier,
  name_space,
  title,
  content,
  tags,
  priority,
  confidence,
  source,
  access_count,
  created_at,
  updated_at,
  last_accessed_at,
  expires_at,
  metadata,
  unknown
};

constexpr std::array<std::string_view, 15> field_names = {
    "id",     "tier",         "namespace",  "title",      "content",          "tags",       "priority", "confidence",
    "source", "access_count", "created_at", "updated_at", "last_accessed_at", "expires_at", "metadata"};

json_field field_of(std::string_view name) {
  const auto found = std::find(field_names.begin(), field_names.end(), name);
  return static_cast<json_field>(found - field_names.begin());
}

/// Parser events into a record. Refusing an event ends the parse with `broken` saying why; nothing is thrown.
class record_events {
 public:
  explicit record_events(std::string_view text) : text_(text) {}

  v1::MemoryRecord record;
  status broken;

  bool null() {
    if (in_metadata()) return kept(metadata_.literal("null"));
    if (ignored()) return true;
    const bool optional = field_ == json_field::last_accessed_at || field_ == json_field::expires_at
                          || field_ == json_field::priority || field_ == json_field::confidence;
    return (at_field() && optional) || wrong_type("null");
  }

  bool boolean(bool value) {
    if (in_metadata()) return kept(metadata_.literal(value ? "true" : "false"));
    return ignored() || wrong_type(value ? "true" : "false");
  }

  bool number_integer(std::int64_t value) {
    if (in_metadata()) return kept(metadata_.integer(value));
    return ignored() || (at_field() && take_integer(value)) || wrong_type("an integer");
  }

  bool number_unsigned(std::uint64_t value) {
    if (in_metadata()) return kept(metadata_.unsigned_integer(value));
    if (ignored()) return true;
    if (value > std::numeric_limits<std::int64_t>::max()) return number_float(static_cast<double>(value), "");
    return (at_field() && take_integer(static_cast<std::int64_t>(value))) || wrong_type("an integer");
  }

  bool number_float(double value, const std::string& token) {
    if (in_metadata()) return kept(metadata_.number(token));
    if (ignored()) return true;
    if (!at_field() || field_ != json_field::confidence) return wrong_type("another number");
    record.set_confidence(value);
    return true;
  }

  bool string(std::string& value) {
    if (in_metadata()) return kept(metadata_.string(value));
    if (ignored()) return true;
    if (in_tags_) {
      record.add_tags(std::move(value));
      return true;
    }
    return (at_field() && take_string(value)) || wrong_type("a string");
  }

  bool binary(nlohmann::json::binary_t&) { return false; }  // no such thing in text

  bool start_object(std::size_t) {
    if (!begun_) return begun_ = true;
    if (in_metadata()) return kept(metadata_.begin_object());
    if (field_ == json_field::unknown) return open_ignored();
    if (field_ != json_field::metadata) return wrong_type("an object");
    metadata_open_ = true;
    return kept(metadata_.begin_object());
  }

  bool key(std::string& name) {
    if (in_metadata()) return kept(metadata_.key(name));
    if (ignored_levels_ > 0) return true;
    field_ = field_of(name);
    if (field_ == json_field::unknown) return true;
    const unsigned bit = 1u << static_cast<unsigned>(field_);
    if ((seen_ & bit) != 0) return refuse("must not be given twice");
    seen_ |= bit;
    return true;
  }

  bool end_object() {
    if (in_metadata()) {
      const bool fine = kept(metadata_.end_object());
      if (fine && metadata_.complete()) {
        metadata_open_ = false;
        record.set_metadata(metadata_.take_text());
      }
      return fine;
    }
    if (ignored_levels_ > 0) --ignored_levels_;
    return true;
  }

  bool start_array(std::size_t) {
    if (in_metadata()) return kept(metadata_.begin_array());
    if (begun_ && field_ == json_field::unknown) return open_ignored();
    if (!at_field() || field_ != json_field::tags) return wrong_type("an array");
    return in_tags_ = true;
  }

  bool end_array() {
    if (in_metadata()) return kept(metadata_.end_array());
    if (ignored_levels_ > 0) {
      --ignored_levels_;
    } else {
      in_tags_ = false;
    }
    return true;
  }

  template <class Exception>
  bool parse_error(std::size_t bytes_read, const std::string&, const Exception&) {
    broken = status(errc::invalid_argument, describe_malformed(text_, bytes_read));
    return false;
  }

 private:
  bool in_metadata() const { return metadata_open_; }
  /// Whether this event belongs to the value of an unknown key.
  bool ignored() const { return begun_ && field_ == json_field::unknown; }
  /// Whether this event is the value of a known key itself, not something inside of it.
  bool at_field() const { return begun_ && !in_tags_; }

  bool open_ignored() {
    ++ignored_levels_;
    return true;
  }

  bool kept(bool fine) {
    if (!fine) broken = status::invalid("metadata", metadata_.broken_rule());
    return fine;
  }

  bool refuse(std::string rule) {
    broken = status::invalid(std::string(field_names[static_cast<std::size_t>(field_)]), std::move(rule));
    return false;
  }

  bool wrong_type(std::string_view actual) {
    const std::string got = ", got " + std::string(actual);
    // A value that was already refused for what it says keeps that reason.
    if (!broken.ok()) return false;
    if (!begun_) {
      broken = status(errc::invalid_argument, "a record must be a JSON object" + got);
      return false;
    }
    switch (field_) {
      case json_field::tags: return refuse((in_tags_ ? "must hold strings only" : "must be an array of strings") + got);
      case json_field::priority: return refuse("must be an integer of 32 bits" + got);
      case json_field::access_count: return refuse("must be an integer of 64 bits" + got);
      case json_field::confidence: return refuse("must be a number" + got);
      case json_field::metadata: return refuse("must be a JSON object" + got);
      default: return refuse("must be a string" + got);
    }
  }

  bool take_integer(std::int64_t value) {
    switch (field_) {
      case json_field::priority:
        if (value != static_cast<std::int32_t>(value)) return false;
        record.set_priority(static_cast<std::int32_t>(value));
        return true;
      case json_field::access_count: record.set_access_count(value); return true;
      case json_field::confidence: record.set_confidence(static_cast<double>(value)); return true;
      default: return false;
    }
  }

  bool take_string(std::string& value) {
    switch (field_) {
      case json_field::id: record.set_id(std::move(value)); return true;
      case json_field::name_space: record.set_namespace_(std::move(value)); return true;
      case json_field::title: record.set_title(std::move(value)); return true;
      case json_field::content: record.set_content(std::move(value)); return true;
      case json_field::source: record.set_source(std::move(value)); return true;
      case json_field::created_at: record.set_created_at(std::move(value)); return true;
      case json_field::updated_at: record.set_updated_at(std::move(value)); return true;
      case json_field::last_accessed_at: record.set_last_accessed_at(std::move(value)); return true;
      case json_field::expires_at: record.set_expires_at(std::move(value)); return true;
      case json_field::tier: return take_tier(value);
      default: return false;
    }
  }

  bool take_tier(const std::string& value) {
    const auto tier = tier_of(value);
    if (!tier) return refuse("must be one of short, mid, long");
    record.set_tier(*tier);
    return true;
  }

  std::string_view text_;
  compact_json_writer metadata_{limits::metadata_depth_max};
  json_field field_ = json_field::unknown;
  unsigned seen_ = 0;
  std::size_t ignored_levels_ = 0;
  bool begun_ = false;
  bool in_tags_ = false;
  bool metadata_open_ = false;
};

}  // namespace

std::string to_json(const v1::MemoryRecord& record) {
  std::string out;
  out.reserve(record.ByteSizeLong() + 320);
  out += '{';
  append_text(out, "id", record.id());
  append_text(out, "tier", text_of(record.tier()));
  append_text(out, "namespace", record.namespace_());
  append_text(out, "title", record.title());
  append_text(out, "content", record.content());
  append_key(out, "tags");
  out += '[';
  for (int i = 0; i < record.tags_size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, record.tags(i));
  }
  out += ']';
  append_integer(out, "priority", record.priority());
  append_fraction(out, "confidence", record.confidence());
  append_text(out, "source", record.source());
  append_integer(out, "access_count", record.access_count());
  append_text(out, "created_at", record.created_at());
  append_text(out, "updated_at", record.updated_at());
  if (record.has_last_accessed_at()) append_text(out, "last_accessed_at", record.last_accessed_at());
  if (record.has_expires_at()) append_text(out, "expires_at", record.expires_at());
  append_metadata(out, record.metadata());
  out += '}';
  return out;
}

result<v1::MemoryRecord> from_json(std::string_view text) {
  record_events events(text);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &events)) return std::move(events.broken);
  return std::move(events.record);
}

}  // namespace quorate::memory
