// The parameters of a tool: one description that both the published schema and the reading of arguments are made of, so
// that what is published is what is checked.
//
// Values and pure functions, any thread. Arguments are read whole or not at all; a failure names the parameter.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/status.hpp"

namespace quorate::cli::mcp {

using nlohmann::ordered_json;

enum class value_type : unsigned char { text, integer, number, boolean, text_list, object };

/// What becomes of a number outside of its bounds.
enum class out_of_bounds : unsigned char { refused, lowered, clamped };

struct parameter {
  std::string name;
  value_type type = value_type::text;
  std::string description;
  bool is_required = false;
  std::vector<std::string> choices;  ///< of a text; empty = any
  std::optional<std::int64_t> least, most;
  out_of_bounds outside = out_of_bounds::refused;
  ordered_json by_default;  ///< null = none
  ordered_json details;     ///< further schema of an object's content; null = none

  parameter required() const;
  parameter one_of(std::vector<std::string> values) const;
  parameter from(std::int64_t bound) const;
  parameter to(std::int64_t bound) const;
  /// A larger number means this one.
  parameter at_most(std::int64_t bound) const;
  /// Any number means the nearest of these.
  parameter clamped(std::int64_t lower, std::int64_t upper) const;
  parameter otherwise(ordered_json value) const;
  parameter with(ordered_json schema) const;
};

parameter text(std::string name, std::string description);
parameter integer(std::string name, std::string description);
parameter number(std::string name, std::string description);
parameter boolean(std::string name, std::string description);
parameter text_list(std::string name, std::string description);
parameter object(std::string name, std::string description);

/// A JSON Schema (2020-12) of type object.
ordered_json schema_of(const std::vector<parameter>& parameters);

/// Arguments that keep their parameters' rules, with the defaults filled in.
class arguments {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  /// Empty when absent.
  std::string text(std::string_view name) const;
  /// 0 when absent.
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  /// Null when absent.
  ordered_json object(std::string_view name) const;

 private:
  friend result<arguments> read_arguments(const std::vector<parameter>& parameters, const ordered_json& given);
  ordered_json values_ = ordered_json::object();
};

/// `given` is an object. null counts as absent, unknown names are left out.
result<arguments> read_arguments(const std::vector<parameter>& parameters, const ordered_json& given);

}  // namespace quorate::cli::mcp
