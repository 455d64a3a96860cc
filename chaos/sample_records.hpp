// Made-up memories of an engineering team's agents, for demonstrations: varied, deterministic, no two with one name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quorate::chaos {

struct sample_record {
  std::string name_space;
  std::string title;
  std::string content;
  std::vector<std::string> tags;
  std::string tier;
  int priority = 5;
  std::string created_at;
  std::string agent;
};

/// The same records for the same seed on every machine.
std::vector<sample_record> make_sample_records(std::size_t count, std::uint64_t seed);

/// One record as a line of JSON, as an import takes it.
std::string to_json_line(const sample_record& record);

}  // namespace quorate::chaos
