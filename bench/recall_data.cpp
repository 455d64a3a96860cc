#include "bench/recall_data.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace quorate::bench {

namespace {

constexpr std::size_t vocabulary = 30'000;
constexpr std::size_t frequent_words = 50;

template <class Take>
status for_each_object(const std::string& file, Take take) {
  std::ifstream lines(file);
  if (!lines) return {errc::invalid_argument, "cannot read " + file};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    try {
      take(nlohmann::json::parse(line));
    } catch (const nlohmann::json::exception& error) {
      return {errc::invalid_argument, file + ":" + std::to_string(number) + ": " + error.what()};
    }
  }
  return {};
}

}  // namespace

result<std::vector<v1::StoreRequest>> read_records(const std::string& file) {
  std::vector<v1::StoreRequest> records;
  auto read = for_each_object(file, [&](const nlohmann::json& line) {
    auto& request = records.emplace_back();
    request.set_full_record(true);
    auto& record = *request.mutable_memory();
    record.set_namespace_(line.at("namespace").get<std::string>());
    record.set_title(line.at("title").get<std::string>());
    record.set_content(line.at("content").get<std::string>());
    record.set_tier(v1::TIER_LONG);
    record.set_created_at(line.at("created_at").get<std::string>());
    for (const auto& tag : line.value("tags", nlohmann::json::array())) record.add_tags(tag.get<std::string>());
    if (line.contains("metadata")) record.set_metadata(line["metadata"].dump());
  });
  if (!read) return read;
  return records;
}

result<std::vector<recall_question>> read_questions(const std::string& file) {
  std::vector<recall_question> questions;
  auto read = for_each_object(file, [&](const nlohmann::json& line) {
    recall_question question{line.at("namespace").get<std::string>(), line.at("question").get<std::string>(),
                             line.at("evidence").get<std::vector<std::string>>()};
    if (!question.evidence.empty()) questions.push_back(std::move(question));
  });
  if (!read) return read;
  return questions;
}

made_up_text::made_up_text(unsigned seed) : random_(seed) {
  constexpr const char* syllables[] = {"ba", "ke", "lo", "mi", "nu", "pra", "sto", "ti", "va", "zen", "chu", "dor"};
  std::mt19937_64 spelling(1);  // the same words whatever the seed
  double sum = 0;
  for (std::size_t i = 0; i < vocabulary; ++i) {
    std::string word;
    for (auto left = 2 + spelling() % 3; left > 0; --left) word += syllables[spelling() % std::size(syllables)];
    words_.push_back(std::move(word));
    sums_.push_back(sum += 1.0 / static_cast<double>(i + 3));
  }
}

std::string made_up_text::text_of(std::size_t words, double from) {
  std::string text;
  std::uniform_real_distribution<double> share(from, sums_.back());
  for (std::size_t i = 0; i < words; ++i) {
    const auto at = std::lower_bound(sums_.begin(), sums_.end(), share(random_));
    text.append(i == 0 ? "" : " ").append(words_[static_cast<std::size_t>(at - sums_.begin())]);
  }
  return text;
}

std::string made_up_text::sentence(std::size_t words) { return text_of(words, 0); }

std::string made_up_text::question(std::size_t words) { return text_of(words, sums_[frequent_words]); }

}  // namespace quorate::bench
