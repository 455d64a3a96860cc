// What a language model is asked about memories, and how its answers are read.
//
// Functions over an llm_client, any thread. A model says what it likes: answers are cut down to what was asked for, and
// one that makes no sense is an error (unavailable), never a guess.
#pragma once

#include <string>
#include <vector>

#include "cli/llm_client.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::cli {

/// Further words to look for, at most 10, none of them blank or twice.
result<std::vector<std::string>> expand_query(llm_client& model, const std::string& query);

/// Tags for a record, at most 5, lower case, each legal as a tag.
result<std::vector<std::string>> tags_for(llm_client& model, const v1::MemoryRecord& record);

/// Whether two records cannot both be true.
result<bool> contradict(llm_client& model, const v1::MemoryRecord& one, const v1::MemoryRecord& other);

/// One text that holds what the records say.
result<std::string> summarise(llm_client& model, const std::vector<v1::MemoryRecord>& records);

}  // namespace quorate::cli
