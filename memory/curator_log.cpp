#include "memory/curator_log.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "memory/json.hpp"
#include "memory/reply_json.hpp"
#include "proto/hash.hpp"

namespace quorate::memory {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t priority_window_ms = 7LL * 86'400'000;
constexpr std::array<std::string_view, 4> names{"consolidate", "forget", "priority", "annotate"};

std::string hex(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = digits[(number >> (60 - 4 * i)) & 15];
  return text;
}

/// Of what the records were: the same records, changed meanwhile, are another act.
std::string sum_of(const curator_act& act) {
  std::string all;
  for (const auto& record : act.records)
    all.append(record.id()).append(1, '\0').append(record.updated_at()).append(1, '\0');
  return hex(hash64_of(all));
}

std::string text_at(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string_view name_of(curator_act::kind what) { return names[static_cast<std::size_t>(what)]; }

std::string title_of(const curator_act& act, std::int64_t now_ms) {
  const auto about = act.records.empty() ? std::string() : act.records.front().id();
  const auto what = std::string(name_of(act.what)) + " ";
  if (act.what == curator_act::kind::priority) return what + about + " " + std::to_string(now_ms / priority_window_ms);
  return what + about + " " + sum_of(act);
}

std::string to_json(const curator_act& act) {
  // As texts: a parse would round what metadata hold.
  auto records = ordered_json::array();
  for (const auto& record : act.records) records.push_back(to_json(record));
  auto links = ordered_json::array();
  for (const auto& link : act.links) links.push_back(json_of(link));
  ordered_json object{
      {"action", name_of(act.what)}, {"at", act.at}, {"records", std::move(records)}, {"links", std::move(links)}};
  if (act.what == curator_act::kind::consolidate) {
    object["merged_title"] = act.merged_name;
    object["merged_content"] = act.merged_content;
  }
  if (act.what == curator_act::kind::priority) object["priority"] = act.priority;
  if (act.what == curator_act::kind::annotate) object["metadata"] = act.metadata;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

result<curator_act> act_from_json(std::string_view text) {
  const auto object = ordered_json::parse(text, nullptr, false);
  if (!object.is_object()) return status::invalid("content", "is no entry of a curator's log");
  curator_act act;
  const auto name = std::find(names.begin(), names.end(), text_at(object, "action"));
  if (name == names.end()) return status::invalid("action", "must be consolidate, forget, priority or annotate");
  act.what = static_cast<curator_act::kind>(name - names.begin());
  act.at = text_at(object, "at");
  act.merged_name = text_at(object, "merged_title");
  act.merged_content = text_at(object, "merged_content");
  if (const auto priority = object.find("priority"); priority != object.end() && priority->is_number_integer())
    act.priority = priority->get<std::int32_t>();
  act.metadata = text_at(object, "metadata");
  for (const auto& each : object.value("records", ordered_json::array())) {
    if (!each.is_string()) return status::invalid("records", "must hold the texts of records");
    auto record = from_json(each.get_ref<const std::string&>());
    if (!record) return record.error();
    act.records.push_back(std::move(*record));
  }
  for (const auto& each : object.value("links", ordered_json::array())) {
    auto link = link_from_json(each.dump());
    if (!link) return link.error();
    act.links.push_back(std::move(*link));
  }
  const bool one = act.what != curator_act::kind::consolidate;
  if (act.records.empty() || (one && act.records.size() != 1))
    return status::invalid("records", "does not hold what the action was about");
  return act;
}

}  // namespace quorate::memory
