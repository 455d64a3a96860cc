// Log lines: one event a line, a name and fields, as text or as JSON. Goes through spdlog to stderr.
//
// Any thread. Record contents and secrets are never fields. A field is cut at `field_bytes_max`, and no byte of it can
// end a line or steer a terminal, whoever it came from. What a stranger can cause as often as he likes goes through a
// `limiter`.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace quorate::logging {

enum class format { text, json };
enum class level { debug, info, warn, error, off };

/// Once, before the first event; without it events of level warn and above go to stderr as text.
void start(format shape, level least, std::string_view node);
/// Writes out what is buffered; before the process ends on its own accord.
void flush();

struct field {
  std::string_view name;
  std::string value;
  field(std::string_view n, std::string_view v) : name(n), value(v) {}
  field(std::string_view n, std::int64_t v) : name(n), value(std::to_string(v)) {}
};

inline constexpr std::size_t field_bytes_max = 1'024;

void event(level severity, std::string_view name, std::initializer_list<field> fields = {});

/// What `event` writes behind time and level.
std::string line_of(format shape, std::string_view node, std::string_view name, std::span<const field> fields);

/// What somebody else sent, to be quoted in a line or an error: printable UTF-8 of at most `bytes_max` bytes, and how
/// much was cut. Other bytes become '?'.
std::string printable(std::string_view foreign, std::size_t bytes_max = 64);

/// Lets one event about one subject (a peer, an address) through in a second and counts the others, so that no stranger
/// fills the log. Knows `subjects_max` subjects; whoever comes beyond shares one place with all such.
class limiter {
 public:
  static constexpr std::int64_t pause_us = 1'000'000;
  static constexpr std::size_t subjects_max = 32;

  /// How many were left out since the last line; nothing: this one is left out, too.
  std::optional<std::uint64_t> admit(std::string_view name, std::string_view subject, std::int64_t now_us);
  /// Writes the line unless it is left out. `left_out` is added to the fields where there is something to tell.
  void event(level severity, std::string_view name, std::string_view subject, std::initializer_list<field> fields,
             std::int64_t now_us);

 private:
  struct turn {
    std::int64_t last_us = 0;
    std::uint64_t left_out = 0;
  };
  using key = std::pair<std::string, std::string>;  // event, subject
  turn* place_of(key wanted, std::int64_t now_us);

  std::mutex mutex_;
  std::map<key, turn> turns_;
  std::map<std::string, turn> crowd_;  // by event
};

}  // namespace quorate::logging
