// Log lines: one event a line, a name and fields, as text or as JSON. Goes through spdlog to stderr.
//
// Any thread. Record contents and secrets are never fields.
#pragma once

#include <cstdint>
#include <initializer_list>
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

void event(level severity, std::string_view name, std::initializer_list<field> fields = {});

}  // namespace quorate::logging
