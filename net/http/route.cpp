#include "net/http/route.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "memory/text.hpp"
#include "memory/validation.hpp"
#include "net/http/answers.hpp"

namespace quorate::net::http {

using nlohmann::json;

namespace {

std::vector<route> all_routes() {
  std::vector<route> all;
  for (auto part : {system_routes, memory_routes, bulk_routes, recall_routes, curation_routes, link_routes,
                    archive_routes, agent_routes, pending_routes, transfer_routes, sync_routes})
    for (auto& one : part()) all.push_back(std::move(one));
  return all;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

/// The segments of all routes' paths, in the order of the table: every request is compared with them.
const std::vector<std::vector<std::string_view>>& paths() {
  static const auto all = [] {
    std::vector<std::vector<std::string_view>> split;
    for (const auto& one : routes()) split.push_back(segments_of(one.path));
    return split;
  }();
  return all;
}

/// Nothing but UTF-8 can be asked of a node.
bool decode_text(std::string_view escaped, bool plus_is_space, std::string* text) {
  return decode_percent(escaped, plus_is_space, text) && !memory::find_malformed_utf8(*text);
}

bool matches(const std::vector<std::string_view>& wanted, const std::vector<std::string_view>& segments,
             std::vector<std::string>* captured) {
  if (wanted.size() != segments.size()) return false;
  captured->clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != "{id}") {
      if (wanted[i] != segments[i]) return false;
      continue;
    }
    std::string text;
    if (!decode_text(segments[i], false, &text) || text.empty()) return false;
    captured->push_back(std::move(text));
  }
  return true;
}

std::string_view name_of_kind(value_kind kind) {
  switch (kind) {
    case value_kind::text: return "a string";
    case value_kind::tier: return "one of short, mid, long";
    case value_kind::int32: return "an integer of 32 bits";
    case value_kind::int64: return "an integer of 64 bits";
    case value_kind::count: return "an integer of 0 or more";
    case value_kind::number: return "a number";
    case value_kind::boolean: return "true or false";
    case value_kind::object: return "an object";
    case value_kind::texts: return "an array of strings";
    case value_kind::objects: return "an array of objects";
  }
  return "";
}

bool all_of(const json& array, bool (json::*is)() const noexcept) {
  return array.is_array() && std::all_of(array.begin(), array.end(), [&](const json& one) { return (one.*is)(); });
}

/// An unsigned value above the signed range reads as negative, so it fits no kind.
bool in_range(const json& value, std::int64_t least, std::int64_t most) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned()
      && value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return false;
  const auto number = value.get<std::int64_t>();
  return number >= least && number <= most;
}

bool fits(const json& value, value_kind kind) {
  switch (kind) {
    case value_kind::text: return value.is_string();
    case value_kind::tier: return value.is_string() && memory::tier_of(value.get_ref<const std::string&>());
    case value_kind::int32:
      return in_range(value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    case value_kind::int64:
      return in_range(value, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    case value_kind::count: return in_range(value, 0, std::numeric_limits<std::int64_t>::max());
    case value_kind::number: return value.is_number();
    case value_kind::boolean: return value.is_boolean();
    case value_kind::object: return value.is_object();
    case value_kind::texts: return all_of(value, &json::is_string);
    case value_kind::objects: return all_of(value, &json::is_object);
  }
  return false;
}

/// A value of the query as JSON of its kind; discarded when it is none.
json typed(const std::string& text, value_kind kind) {
  if (kind == value_kind::text || kind == value_kind::tier) return text;
  if (kind == value_kind::texts) {
    auto list = json::array();
    for (std::size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find(',', begin), text.size());
      if (end > begin) list.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return list;
  }
  auto value = json::parse(text, nullptr, false);
  return value.is_primitive() ? value : json(json::value_t::discarded);
}

answer misfit(int status, std::string_view name, std::string_view rule) {
  return error_answer(status, std::string(name) + " " + std::string(rule));
}

std::optional<answer> take_query(const route& served, const std::string& query, json* values) {
  for (std::size_t begin = 0; begin < query.size();) {
    const auto end = std::min(query.find('&', begin), query.size());
    const auto part = std::string_view(query).substr(begin, end - begin);
    begin = end + 1;
    const auto equals = std::min(part.find('='), part.size());
    std::string name, text;
    const bool readable = decode_text(part.substr(0, equals), true, &name);
    const auto known =
        std::find_if(served.query.begin(), served.query.end(), [&](const field& one) { return one.name == name; });
    if (readable && known == served.query.end()) continue;
    if (!readable || !decode_text(part.substr(std::min(equals + 1, part.size())), true, &text))
      return error_answer(400, "the query has a broken percent escape or is not UTF-8");
    auto value = typed(text, known->kind);
    if (value.is_discarded() || !fits(value, known->kind))
      return misfit(400, name, "must be " + std::string(name_of_kind(known->kind)));
    (*values)[name] = std::move(value);
  }
  for (const auto& one : served.query)
    if (one.required && !values->contains(one.name)) return misfit(400, one.name, "is missing");
  return std::nullopt;
}

/// `path` is empty or says which element of an array it is.
std::optional<answer> check_object(const std::vector<field>& fields, json& object, const std::string& path) {
  if (!object.is_object()) return misfit(422, path.empty() ? "the body" : path, "must be an object");
  const auto prefix = path.empty() ? std::string() : path + ".";
  for (const auto& one : fields) {
    const auto found = object.find(one.name);
    if (found == object.end()) {
      if (one.required) return misfit(422, prefix + std::string(one.name), "is missing");
      continue;
    }
    if (found->is_null() && one.nullable && !one.required)
      object.erase(found);
    else if (!fits(*found, one.kind))
      return misfit(found->is_null() && one.kind == value_kind::object ? 400 : 422, prefix + std::string(one.name),
                    "must be " + std::string(name_of_kind(one.kind)));
  }
  return std::nullopt;
}

bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '{' || c == '[') && ++depth > body_depth_max) return true;
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  constexpr std::string_view wanted = "application/json";
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  return std::equal(type.begin(), type.end(), wanted.begin(), wanted.end(), same)
         || (type.starts_with("application/") && type.ends_with("+json"));
}

}  // namespace

std::string call::text(std::string_view name) const { return maybe_text(name).value_or(std::string()); }

std::optional<std::string> call::maybe_text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::int64_t> call::integer(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::optional<double> call::number(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->get<double>();
}

bool call::flag(std::string_view name) const { return values_.value(std::string(name), false); }

std::vector<std::string> call::texts(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return {};
  return found->get<std::vector<std::string>>();
}

const std::vector<route>& routes() {
  static const auto table = all_routes();
  return table;
}

std::vector<int> statuses_of(const route& served) {
  std::set<int> all(served.statuses.begin(), served.statuses.end());
  if (!served.open) all.insert(401);
  if (!served.query.empty()) all.insert(400);
  if (served.body != body_kind::none) all.insert({400, 413, 415, 422});
  return {all.begin(), all.end()};
}

found_route find_route(const request& head) {
  found_route found;
  std::string allowed;
  if (head.path.empty() || head.path.front() != '/') {
    found.refused = error_answer(404, "not found");
    return found;
  }
  const auto segments = segments_of(head.path);
  const std::string_view method = head.method == "HEAD" ? std::string_view("GET") : std::string_view(head.method);
  std::vector<std::string> captured;
  for (std::size_t i = 0; i < routes().size(); ++i) {
    const auto& candidate = routes()[i];
    if (!matches(paths()[i], segments, &captured)) continue;
    if (candidate.method == method) {
      found.served = &candidate;
      found.captured = std::move(captured);
      return found;
    }
    allowed.append(allowed.empty() ? "" : ", ").append(candidate.method);
  }
  if (allowed.empty()) {
    found.refused = error_answer(404, "not found");
  } else {
    found.refused = error_answer(405, "this path takes " + allowed);
    found.refused.headers.emplace_back("Allow", allowed);
  }
  return found;
}

std::optional<answer> refuse_early(const route& served, const request& head) {
  if (served.body == body_kind::none || is_json(head.header("Content-Type"))) return std::nullopt;
  return error_answer(415, "the body must come with Content-Type: application/json");
}

fitted fit(const route& served, const request& whole) {
  fitted result;
  result.values = json::object();
  result.refused = take_query(served, whole.query, &result.values);
  if (result.refused || served.body == body_kind::none) return result;
  if (too_deep(whole.body)) {
    result.refused = error_answer(400, "the JSON is nested deeper than " + std::to_string(body_depth_max) + " levels");
    return result;
  }
  auto body = json::parse(whole.body, nullptr, false);
  if (body.is_discarded()) {
    result.refused = error_answer(400, "the body is not JSON");
    return result;
  }
  if (served.body == body_kind::array) {
    if (!body.is_array()) {
      result.refused = misfit(422, "the body", "must be an array");
      return result;
    }
    for (std::size_t i = 0; i < body.size() && !result.refused; ++i)
      result.refused = check_object(served.fields, body[i], "[" + std::to_string(i) + "]");
    result.values["items"] = std::move(body);
    return result;
  }
  result.refused = check_object(served.fields, body, "");
  if (!result.refused)
    for (const auto& one : served.fields)
      if (const auto found = body.find(one.name); found != body.end())
        result.values[std::string(one.name)] = std::move(*found);
  return result;
}

}  // namespace quorate::net::http
