// What a curator would do about a set of records, by rules alone: which say the same, what text holds what they all
// say, which are heeded too little or too much, which pair a model should look at.
//
// Pure functions, any thread. They look at what they are given and nothing else; nothing here decides that something
// is to be done now, or by whom (docs/curator.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quorate/v1/record.pb.h"

namespace quorate::memory {

inline constexpr double cluster_similarity_min = 0.55;
inline constexpr std::size_t cluster_records_min = 2;
inline constexpr std::size_t cluster_records_max = 8;

/// The words of at least 3 bytes, letters of ASCII in lower case, each once, in byte order. A word is letters, digits
/// and bytes outside ASCII.
std::vector<std::string> distinct_words(std::string_view text);

/// Of two lists from distinct_words: those in both over those in any (Jaccard). 0 when both are empty.
double similarity(const std::vector<std::string>& one, const std::vector<std::string>& other);

/// Groups of 2 to 8 records of one namespace whose contents are alike, as indexes into `records`. A group begins with
/// its oldest record and holds what is like that one; no record is in two. Depends on the records only, not on their
/// order. Left out: records that carry a policy (metadata.governance), which stand for more than their text.
std::vector<std::vector<std::size_t>> clusters_of(const std::vector<v1::MemoryRecord>& records);

/// One text that holds what all say: that of the longest, then every line of the others that is not in it yet.
std::string merged_content(const std::vector<v1::MemoryRecord>& records);
/// That of the last updated, with the number of records and a sum of their ids: the same records give the same title,
/// others another.
std::string merged_title(const std::vector<v1::MemoryRecord>& records);
/// The highest of theirs.
v1::Tier merged_tier(const std::vector<v1::MemoryRecord>& records);

/// The priority that use asks for, where it is another: one more for a record with 10 uses or more that was used within
/// 7 days, one less for one never used in 30. From 1 to 10. `record` is as `present` gives it.
std::optional<std::int32_t> adjusted_priority(const v1::MemoryRecord& record, std::int64_t now_ms);

/// Of a namespace that is people's, not the system's own.
bool is_curated(std::string_view name_space);
/// Whether a model should give it tags: at least 50 bytes, and none from a model yet (metadata.auto_tags).
bool wants_tags(const v1::MemoryRecord& record);

/// The record of the same namespace that is most like `records[index]` without saying the same: the one that could
/// contradict it. Nothing when none shares a word with it.
std::optional<std::size_t> neighbour_of(const std::vector<v1::MemoryRecord>& records, std::size_t index);

}  // namespace quorate::memory
