#include "cli/mcp/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace quorate::cli::mcp {
namespace {

// Whole numbers that a double holds exactly: the range in which 10 and 10.0 are the same.
constexpr double exact_max = 9'007'199'254'740'992.0;

parameter make(value_type type, std::string&& name, std::string&& description) {
  parameter made;
  made.type = type;
  made.name = std::move(name);
  made.description = std::move(description);
  return made;
}

template <class Change>
parameter changed(const parameter& from, const Change& change) {
  parameter to = from;
  change(to);
  return to;
}

std::string_view type_name(value_type type) {
  switch (type) {
    case value_type::text: return "string";
    case value_type::integer: return "integer";
    case value_type::number: return "number";
    case value_type::boolean: return "boolean";
    case value_type::text_list: return "array";
    case value_type::object: return "object";
  }
  return {};
}

ordered_json schema_of(const parameter& which) {
  ordered_json schema{{"type", type_name(which.type)}, {"description", which.description}};
  if (which.type == value_type::text_list) schema["items"] = {{"type", "string"}};
  if (!which.choices.empty()) schema["enum"] = which.choices;
  // A number that is only lowered or clamped is legal outside of its bounds.
  if (which.least && which.outside != out_of_bounds::clamped) schema["minimum"] = *which.least;
  if (which.most && which.outside == out_of_bounds::refused)
    schema[which.type == value_type::text_list ? "maxItems" : "maximum"] = *which.most;
  if (which.type == value_type::text_list && which.least) {
    schema.erase("minimum");
    schema["minItems"] = *which.least;
  }
  if (!which.by_default.is_null()) schema["default"] = which.by_default;
  if (!which.details.is_null()) schema.update(which.details);
  return schema;
}

std::string bounds_of(const parameter& which) {
  if (which.least && which.most) return "from " + std::to_string(*which.least) + " to " + std::to_string(*which.most);
  return which.least ? "at least " + std::to_string(*which.least) : "at most " + std::to_string(*which.most);
}

std::string choices_of(const parameter& which) {
  std::string list;
  for (const auto& choice : which.choices) list += (list.empty() ? "" : ", ") + choice;
  return list;
}

status wrong_type(const parameter& which, std::string_view wanted, const ordered_json& given) {
  return status::invalid(which.name, "must be " + std::string(wanted) + ", got " + given.type_name());
}

/// A whole number, whichever way it is written; nothing for anything else.
std::optional<std::int64_t> whole(const ordered_json& given) {
  if (given.is_number_unsigned()) {
    const auto value = given.get<std::uint64_t>();
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }
  if (given.is_number_integer()) return given.get<std::int64_t>();
  if (!given.is_number_float()) return std::nullopt;
  const auto value = given.get<double>();
  if (!(std::fabs(value) <= exact_max) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

result<ordered_json> read_text(const parameter& which, const ordered_json& given) {
  if (!given.is_string()) return wrong_type(which, "a string", given);
  if (which.choices.empty()) return given;
  const auto& value = given.get_ref<const std::string&>();
  if (std::find(which.choices.begin(), which.choices.end(), value) == which.choices.end())
    return status::invalid(which.name, "must be one of " + choices_of(which));
  return given;
}

result<ordered_json> read_integer(const parameter& which, const ordered_json& given) {
  if (!given.is_number()) return wrong_type(which, "a whole number", given);
  auto value = whole(given);
  if (!value) return status::invalid(which.name, "must be a whole number of 64 bits");
  const bool clamped = which.outside == out_of_bounds::clamped;
  if (which.least && *value < *which.least) {
    if (!clamped) return status::invalid(which.name, "must be " + bounds_of(which));
    value = which.least;
  }
  if (which.most && *value > *which.most) {
    if (which.outside == out_of_bounds::refused) return status::invalid(which.name, "must be " + bounds_of(which));
    value = which.most;
  }
  return ordered_json(*value);
}

result<ordered_json> read_number(const parameter& which, const ordered_json& given) {
  if (!given.is_number()) return wrong_type(which, "a number", given);
  const auto value = given.get<double>();
  if ((which.least && value < static_cast<double>(*which.least))
      || (which.most && value > static_cast<double>(*which.most)))
    return status::invalid(which.name, "must be " + bounds_of(which));
  return ordered_json(value);
}

result<ordered_json> read_list(const parameter& which, const ordered_json& given) {
  if (!given.is_array()) return wrong_type(which, "an array of strings", given);
  for (const auto& element : given)
    if (!element.is_string())
      return status::invalid(which.name, "must hold strings only, got " + std::string(element.type_name()));
  const auto count = static_cast<std::int64_t>(given.size());
  if ((which.least && count < *which.least) || (which.most && count > *which.most))
    return status::invalid(which.name, "must hold " + bounds_of(which) + " elements, got " + std::to_string(count));
  return given;
}

result<ordered_json> read_value(const parameter& which, const ordered_json& given) {
  switch (which.type) {
    case value_type::text: return read_text(which, given);
    case value_type::integer: return read_integer(which, given);
    case value_type::number: return read_number(which, given);
    case value_type::boolean:
      if (!given.is_boolean()) return wrong_type(which, "true or false", given);
      return given;
    case value_type::text_list: return read_list(which, given);
    case value_type::object:
      if (!given.is_object()) return wrong_type(which, "an object", given);
      return given;
  }
  return status(errc::internal, "a parameter of no type");
}

}  // namespace

parameter parameter::required() const {
  return changed(*this, [](parameter& it) { it.is_required = true; });
}
parameter parameter::one_of(std::vector<std::string> values) const {
  return changed(*this, [&](parameter& it) { it.choices = std::move(values); });
}
parameter parameter::from(std::int64_t bound) const {
  return changed(*this, [&](parameter& it) { it.least = bound; });
}
parameter parameter::to(std::int64_t bound) const {
  return changed(*this, [&](parameter& it) { it.most = bound; });
}
parameter parameter::at_most(std::int64_t bound) const {
  return changed(*this, [&](parameter& it) {
    it.most = bound;
    it.outside = out_of_bounds::lowered;
  });
}
parameter parameter::clamped(std::int64_t lower, std::int64_t upper) const {
  return changed(*this, [&](parameter& it) {
    it.least = lower;
    it.most = upper;
    it.outside = out_of_bounds::clamped;
  });
}
parameter parameter::otherwise(ordered_json value) const {
  return changed(*this, [&](parameter& it) { it.by_default = std::move(value); });
}
parameter parameter::with(ordered_json schema) const {
  return changed(*this, [&](parameter& it) { it.details = std::move(schema); });
}

parameter text(std::string name, std::string description) {
  return make(value_type::text, std::move(name), std::move(description));
}
parameter integer(std::string name, std::string description) {
  return make(value_type::integer, std::move(name), std::move(description));
}
parameter number(std::string name, std::string description) {
  return make(value_type::number, std::move(name), std::move(description));
}
parameter boolean(std::string name, std::string description) {
  return make(value_type::boolean, std::move(name), std::move(description));
}
parameter text_list(std::string name, std::string description) {
  return make(value_type::text_list, std::move(name), std::move(description));
}
parameter object(std::string name, std::string description) {
  return make(value_type::object, std::move(name), std::move(description));
}

ordered_json schema_of(const std::vector<parameter>& parameters) {
  auto properties = ordered_json::object();
  auto required = ordered_json::array();
  for (const auto& which : parameters) {
    properties[which.name] = schema_of(which);
    if (which.is_required) required.push_back(which.name);
  }
  ordered_json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

std::string arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->get<std::string>();
}
std::int64_t arguments::integer(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->get<std::int64_t>();
}
double arguments::number(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->get<double>();
}
bool arguments::flag(std::string_view name) const {
  const auto found = values_.find(name);
  return found != values_.end() && found->get<bool>();
}
std::vector<std::string> arguments::list(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->get<std::vector<std::string>>();
}
ordered_json arguments::object(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? ordered_json() : *found;
}

result<arguments> read_arguments(const std::vector<parameter>& parameters, const ordered_json& given) {
  arguments read;
  for (const auto& which : parameters) {
    const auto found = given.find(which.name);
    if (found == given.end() || found->is_null()) {
      if (which.is_required) return status::invalid(which.name, "is required");
      if (!which.by_default.is_null()) read.values_[which.name] = which.by_default;
      continue;
    }
    auto value = read_value(which, *found);
    if (!value) return value.error();
    read.values_[which.name] = std::move(*value);
  }
  return read;
}

}  // namespace quorate::cli::mcp
