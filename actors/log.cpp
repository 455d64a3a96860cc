#include "actors/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

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

void append_json_text(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (c < 0x20 || c == 0x7f) {
      out += "\\u00";
      out.push_back(hex[c >> 4]);
      out.push_back(hex[c & 15]);
    } else {
      out.push_back(static_cast<char>(c));
    }
  }
  out.push_back('"');
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

void event(level severity, std::string_view name, std::initializer_list<field> fields) {
  auto& logger = current();
  if (!logger->should_log(to_spdlog(severity))) return;
  std::string line;
  if (as_json) {
    line = "\"event\":";
    append_json_text(line, name);
    line += ",\"node\":";
    append_json_text(line, node_name);
    for (const auto& f : fields) {
      line += ',';
      append_json_text(line, f.name);
      line += ':';
      append_json_text(line, f.value);
    }
  } else {
    line = name;
    for (const auto& f : fields) {
      line += ' ';
      line += f.name;
      line += '=';
      if (f.value.find_first_of(" \"\n\t=") == std::string::npos && !f.value.empty())
        line += f.value;
      else
        append_json_text(line, f.value);
    }
  }
  logger->log(to_spdlog(severity), "{}", line);
}

}  // namespace quorate::logging
