#include "actors/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace quorate::logging {
namespace {

std::atomic<bool> as_json{false};

spdlog::level::level_enum to_spdlog(level l) {
  switch (l) {
    case level::debug: return spdlog::level::debug;
    case level::info: return spdlog::level::info;
    case level::warn: return spdlog::level::warn;
    case level::error: return spdlog::level::err;
    case level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger>& current() {
  static auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("quorate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return made;
  }();
  return logger;
}

constexpr std::string_view cut_mark = "...";

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

/// Bytes of the UTF-8 character that begins here; 0: none does.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  // Longer than need be, a surrogate, or above the last character.
  const auto second = size > 1 ? static_cast<unsigned char>(text[1]) : 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90)
      || (first == 0xf4 && second >= 0x90))
    return 0;
  return size;
}

/// The longest beginning of at most `bytes_max` bytes that does not end within a character.
std::string_view shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && bytes_max - end < 3 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string cut_note(std::size_t cut) { return std::string(cut_mark) + "(" + std::to_string(cut) + " bytes more)"; }

void append_json_text(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const auto size = character_bytes(text);
    if (size == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (is_control(c)) {
      out += "\\u00";
      out.push_back(hex[c >> 4]);
      out.push_back(hex[c & 15]);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out.push_back('"');
}

std::string value_of(const field& f) {
  const auto kept = shortened(f.value, field_bytes_max);
  return kept.size() == f.value.size() ? f.value : std::string(kept) + cut_note(f.value.size() - kept.size());
}

bool needs_quotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char letter) {
           const auto c = static_cast<unsigned char>(letter);
           return c == ' ' || c == '"' || c == '=' || c >= 0x80 || is_control(c);
         });
}

std::string node_name;

}  // namespace

void start(format shape, level least, std::string_view node) {
  auto& logger = current();
  as_json = shape == format::json;
  node_name = node;
  if (shape == format::json) logger->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",\"level\":\"%l\",%v}");
  logger->set_level(to_spdlog(least));
  logger->flush_on(spdlog::level::info);
}

void flush() { current()->flush(); }

std::string line_of(format shape, std::string_view node, std::string_view name, std::span<const field> fields) {
  std::string line;
  if (shape == format::json) {
    line = "\"event\":";
    append_json_text(line, name);
    line += ",\"node\":";
    append_json_text(line, node);
    for (const auto& f : fields) {
      line += ',';
      append_json_text(line, f.name);
      line += ':';
      append_json_text(line, value_of(f));
    }
    return line;
  }
  line = name;
  for (const auto& f : fields) {
    line += ' ';
    line += f.name;
    line += '=';
    const auto value = value_of(f);
    if (needs_quotes(value))
      append_json_text(line, value);
    else
      line += value;
  }
  return line;
}

namespace {

void write(level severity, std::string_view name, std::span<const field> fields) {
  auto& logger = current();
  if (!logger->should_log(to_spdlog(severity))) return;
  logger->log(to_spdlog(severity), "{}", line_of(as_json ? format::json : format::text, node_name, name, fields));
}

}  // namespace

void event(level severity, std::string_view name, std::initializer_list<field> fields) {
  write(severity, name, {fields.begin(), fields.size()});
}

std::string printable(std::string_view foreign, std::size_t bytes_max) {
  std::string out;
  auto rest = shortened(foreign, bytes_max);
  const auto cut = foreign.size() - rest.size();
  while (!rest.empty()) {
    const auto size = character_bytes(rest);
    const bool shown = size != 0 && !is_control(static_cast<unsigned char>(rest.front()));
    out += shown ? rest.substr(0, size) : std::string_view("?");
    rest.remove_prefix(size == 0 ? 1 : size);
  }
  return cut == 0 ? out : out + cut_note(cut);
}

limiter::turn* limiter::place_of(key wanted, std::int64_t now_us) {
  if (const auto found = turns_.find(wanted); found != turns_.end()) return &found->second;
  if (turns_.size() >= subjects_max) {
    for (auto old = turns_.begin(); old != turns_.end();) {
      if (now_us - old->second.last_us < pause_us) {
        ++old;
        continue;
      }
      // What it still had to tell is told with the next line about anybody.
      if (old->second.left_out != 0) crowd_[old->first.first].left_out += old->second.left_out;
      old = turns_.erase(old);
    }
  }
  if (turns_.size() < subjects_max) return &turns_.try_emplace(std::move(wanted)).first->second;
  return &crowd_[wanted.first];
}

std::optional<std::uint64_t> limiter::admit(std::string_view name, std::string_view subject, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  auto* place = place_of({std::string(name), printable(subject)}, now_us);
  if (place->last_us != 0 && now_us - place->last_us < pause_us) {
    ++place->left_out;
    return std::nullopt;
  }
  place->last_us = now_us;
  return std::exchange(place->left_out, 0);
}

void limiter::event(level severity, std::string_view name, std::string_view subject,
                    std::initializer_list<field> fields, std::int64_t now_us) {
  const auto left_out = admit(name, subject, now_us);
  if (!left_out) return;
  std::vector<field> all(fields);
  if (*left_out != 0) all.emplace_back("left_out", static_cast<std::int64_t>(*left_out));
  write(severity, name, all);
}

}  // namespace quorate::logging
