// A record_reader over a map, for tests of what is planned against what is there. Counts the reads it answers and
// can fail them. One thread.
#pragma once

#include <map>
#include <set>

#include "proto/record.hpp"

namespace quorate {

class fake_reader : public record_reader {
 public:
  /// Applies the mutations as one entry of that version, whatever the version there.
  void apply(const std::vector<mutation>& mutations, const version& stamp) {
    for (const mutation& m : mutations) records[m.key] = stored_record{stamp, m.deleted, m.alias, m.value};
  }

  result<std::optional<stored_record>> get(const record_key& key) const override {
    ++gets;
    if (!failure.ok()) return failure;
    const auto found = records.find(key);
    return found == records.end() ? std::nullopt : std::optional(found->second);
  }

  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    ++finds;
    if (!failure.ok()) return failure;
    std::vector<record_key> keys;
    for (const auto& [key, record] : records) {
      if (key.kind == kind && !record.deleted && record.alias == alias) keys.push_back(key);
    }
    return keys;
  }

  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    if (!failure.ok()) return failure;
    std::set<std::pair<std::size_t, std::string>> found;
    for (const auto& [key, record] : records) {
      if (key.kind == kind && !record.deleted && !prefix.empty() && record.alias.starts_with(prefix))
        found.emplace(record.alias.size(), record.alias);
    }
    std::vector<std::string> aliases;
    for (const auto& [size, alias] : found)
      if (aliases.size() < count_max) aliases.push_back(alias);
    return aliases;
  }

  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    if (!failure.ok()) return failure;
    record_page page;
    std::size_t bytes = 0;
    for (const auto& [key, record] : records) {
      const bool wanted = key.kind == kind && !record.deleted && key.bytes.starts_with(prefix) && key.bytes > after;
      if (!wanted) continue;
      if (!page.records.empty() && (page.records.size() >= count_max || bytes >= bytes_max)) {
        page.next = page.records.back().first.bytes;
        break;
      }
      bytes += record.value.size();
      page.records.emplace_back(key, record);
    }
    return page;
  }

  std::map<record_key, stored_record> records;
  status failure;  ///< what every read answers, unless ok
  mutable int gets = 0;
  mutable int finds = 0;
};

}  // namespace quorate
