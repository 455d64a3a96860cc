#include "memory/curator.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "memory/text.hpp"
#include "memory/timestamp.hpp"
#include "proto/hash.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {
namespace {

constexpr std::size_t word_bytes_min = 3;
constexpr std::size_t tagged_content_bytes_min = 50;
constexpr std::size_t merged_title_bytes_max = 400;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t much_used_count = 10;
constexpr std::int64_t lately_used_ms = 7 * day_ms;
constexpr std::int64_t never_used_ms = 30 * day_ms;

bool in_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

nlohmann::json metadata_of(const v1::MemoryRecord& record) {
  auto metadata = nlohmann::json::parse(record.metadata(), nullptr, false);
  return metadata.is_object() ? metadata : nlohmann::json::object();
}

/// Oldest first; of two made in the same millisecond the one with the lower id.
bool older(const v1::MemoryRecord& one, const v1::MemoryRecord& other) {
  const auto first = parse_timestamp(one.created_at()).value_or(0);
  const auto second = parse_timestamp(other.created_at()).value_or(0);
  return first != second ? first < second : one.id() < other.id();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (const auto line = trimmed(text.substr(0, end)); !line.empty()) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// At most so many bytes, never half a character.
std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string eight_digits(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(8, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = digits[(number >> (28 - 4 * i)) & 15];
  return text;
}

/// The records of each namespace, oldest first, with their words.
struct indexed {
  std::size_t index;
  std::vector<std::string> words;
};
std::map<std::string, std::vector<indexed>> by_namespace(const std::vector<v1::MemoryRecord>& records) {
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto one, auto other) { return older(records[one], records[other]); });
  std::map<std::string, std::vector<indexed>> groups;
  for (const auto index : order) {
    if (metadata_of(records[index]).contains("governance")) continue;
    if (auto words = distinct_words(records[index].content()); !words.empty())
      groups[records[index].namespace_()].push_back({index, std::move(words)});
  }
  return groups;
}

}  // namespace

std::vector<std::string> distinct_words(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (word.size() >= word_bytes_min) words.insert(word);
    word.clear();
  };
  for (const char c : text) {
    if (in_word(c))
      word += lower(c);
    else
      end_word();
  }
  end_word();
  return {words.begin(), words.end()};
}

double similarity(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  std::size_t both = 0;
  for (auto a = one.begin(), b = other.begin(); a != one.end() && b != other.end();) {
    const auto order = a->compare(*b);
    both += order == 0 ? 1 : 0;
    if (order <= 0) ++a;
    if (order >= 0) ++b;
  }
  const auto any = one.size() + other.size() - both;
  return any == 0 ? 0.0 : static_cast<double>(both) / static_cast<double>(any);
}

std::vector<std::vector<std::size_t>> clusters_of(const std::vector<v1::MemoryRecord>& records) {
  std::vector<std::vector<std::size_t>> clusters;
  for (const auto& [name, members] : by_namespace(records)) {
    std::vector<bool> taken(members.size());
    for (std::size_t first = 0; first < members.size(); ++first) {
      if (taken[first]) continue;
      std::vector<std::size_t> cluster{members[first].index};
      for (auto next = first + 1; next < members.size() && cluster.size() < cluster_records_max; ++next) {
        if (taken[next] || similarity(members[first].words, members[next].words) < cluster_similarity_min) continue;
        taken[next] = true;
        cluster.push_back(members[next].index);
      }
      if (cluster.size() >= cluster_records_min) clusters.push_back(std::move(cluster));
    }
  }
  return clusters;
}

std::string merged_content(const std::vector<v1::MemoryRecord>& records) {
  if (records.empty()) return {};
  const auto longest = std::max_element(records.begin(), records.end(), [](const auto& one, const auto& other) {
    return one.content().size() != other.content().size() ? one.content().size() < other.content().size()
                                                          : older(other, one);
  });
  std::string text = longest->content();
  std::set<std::string_view> there;
  for (const auto line : lines_of(longest->content())) there.insert(line);
  for (const auto& record : records)
    for (const auto line : lines_of(record.content()))
      if (there.insert(line).second) text.append(text.ends_with('\n') ? "" : "\n").append(line);
  return text;
}

std::string merged_title(const std::vector<v1::MemoryRecord>& records) {
  if (records.empty()) return {};
  const auto updated = [](const auto& record) { return parse_timestamp(record.updated_at()).value_or(0); };
  const auto last = std::max_element(records.begin(), records.end(), [&](const auto& one, const auto& other) {
    return updated(one) != updated(other) ? updated(one) < updated(other) : one.id() < other.id();
  });
  std::vector<std::string> ids;
  ids.reserve(records.size());
  for (const auto& record : records) ids.push_back(record.id());
  std::sort(ids.begin(), ids.end());
  std::string all;
  for (const auto& id : ids) all.append(id).push_back('\0');
  return cut(last->title(), merged_title_bytes_max) + " (" + std::to_string(records.size()) + " merged, "
         + eight_digits(hash64_of(all)) + ")";
}

v1::Tier merged_tier(const std::vector<v1::MemoryRecord>& records) {
  auto tier = v1::TIER_SHORT;
  for (const auto& record : records) tier = std::max(tier, record.tier());
  return tier;
}

std::optional<std::int32_t> adjusted_priority(const v1::MemoryRecord& record, std::int64_t now_ms) {
  const auto priority = record.priority();
  if (record.access_count() >= much_used_count) {
    const auto last = parse_timestamp(record.last_accessed_at());
    const bool lately = last && *last > now_ms - lately_used_ms;
    if (lately && priority < limits::priority_max) return priority + 1;
  } else if (record.access_count() == 0) {
    const auto created = parse_timestamp(record.created_at());
    if (created && *created < now_ms - never_used_ms && priority > limits::priority_min) return priority - 1;
  }
  return std::nullopt;
}

bool is_curated(std::string_view name_space) { return !name_space.starts_with('_'); }

bool wants_tags(const v1::MemoryRecord& record) {
  if (record.content().size() < tagged_content_bytes_min) return false;
  const auto metadata = metadata_of(record);
  const auto tags = metadata.find("auto_tags");
  return tags == metadata.end() || tags->empty();
}

std::optional<std::size_t> neighbour_of(const std::vector<v1::MemoryRecord>& records, std::size_t index) {
  const auto words = distinct_words(records[index].content());
  std::optional<std::size_t> nearest;
  double best = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i == index || records[i].namespace_() != records[index].namespace_()) continue;
    const auto alike = similarity(words, distinct_words(records[i].content()));
    if (alike <= best || alike >= cluster_similarity_min) continue;
    best = alike;
    nearest = i;
  }
  return nearest;
}

}  // namespace quorate::memory
