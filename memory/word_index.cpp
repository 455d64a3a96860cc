#include "memory/word_index.hpp"

#include <algorithm>

#include "memory/stem.hpp"

namespace quorate::memory {

namespace {

constexpr std::size_t dead_kept = 1'024;

}  // namespace

std::uint32_t text_numbers::number_of(std::string_view text) {
  if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  const auto added = numbers_.emplace(text, number).first;
  texts_.push_back(&added->first);
  return number;
}

std::uint32_t text_numbers::find(std::string_view text) const {
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? none : found->second;
}

void word_index::put(indexed_record&& record) {
  const auto number = end();
  const auto [place, added] = numbers_.try_emplace(record.key, number);
  if (!added) {
    kill(place->second);
    place->second = number;
  }
  document made;
  made.key = std::move(record.key);
  made.name_space = name_spaces_.number_of(record.name_space);
  if (made.name_space == timelines_.size()) timelines_.emplace_back();
  made.where = timelines_[made.name_space].emplace(position{record.created_ms, std::move(record.order)}, number);
  made.scope = labels_.number_of(record.scope);
  made.agent = labels_.number_of(record.agent_id);
  for (const auto& tag : record.tags) made.tags.push_back(labels_.number_of(tag));
  made.standing = record.standing;
  made.title_words = record.title_words;
  made.content_words = record.content_words;
  made.tag_words = record.tag_words;
  documents_.push_back(std::move(made));
  ++sums_.documents;
  sums_.title_words += record.title_words;
  sums_.content_words += record.content_words;
  sums_.tag_words += record.tag_words;
  for (const auto& [text, counts] : record.words) {
    const auto word = words_.number_of(text);
    if (word == postings_.size()) {
      postings_.emplace_back();
      const auto stem = stems_.number_of(stem_of(text));
      if (stem == forms_.size()) forms_.emplace_back();
      forms_[stem].push_back(word);
    }
    postings_[word].push_back({number, counts});
  }
  if (documents_.size() > 2 * numbers_.size() + dead_kept) compact();
}

void word_index::remove(std::string_view key) {
  const auto place = numbers_.find(std::string(key));
  if (place == numbers_.end()) return;
  kill(place->second);
  numbers_.erase(place);
  if (documents_.size() > 2 * numbers_.size() + dead_kept) compact();
}

void word_index::kill(document_number number) {
  auto& old = documents_[number];
  --sums_.documents;
  sums_.title_words -= old.title_words;
  sums_.content_words -= old.content_words;
  sums_.tag_words -= old.tag_words;
  timelines_[old.name_space].erase(old.where);
  old = document();
  old.live = false;
}

void word_index::apply(index_changes&& changes) {
  for (auto& record : changes.put) put(std::move(record));
  for (const auto& key : changes.removed) remove(key);
  for (const auto& [key, standing] : changes.used) set_standing(key, standing);
}

std::size_t word_index::documents_with(word_number word) const {
  const auto& list = postings_[word];
  if (documents_.size() == sums_.documents) return list.size();
  return static_cast<std::size_t>(
      std::count_if(list.begin(), list.end(), [&](const posting& one) { return documents_[one.document].live; }));
}

void word_index::set_standing(std::string_view key, const record_standing& standing) {
  if (const auto number = find(key); number != text_numbers::none) documents_[number].standing = standing;
}

word_index::document_number word_index::find(std::string_view key) const {
  const auto place = numbers_.find(std::string(key));
  return place == numbers_.end() ? text_numbers::none : place->second;
}

std::vector<word_index::word_number> word_index::forms_of(std::string_view stem) const {
  const auto number = stems_.find(stem);
  return number == text_numbers::none ? std::vector<word_number>() : forms_[number];
}

void word_index::compact() {
  std::vector<document_number> moved(documents_.size(), text_numbers::none);
  std::vector<document> documents;
  documents.reserve(numbers_.size());
  text_numbers name_spaces;
  text_numbers labels;
  std::vector<timeline> timelines;
  for (document_number number = 0; number < documents_.size(); ++number) {
    auto& old = documents_[number];
    if (!old.live) continue;
    moved[number] = static_cast<document_number>(documents.size());
    numbers_[old.key] = moved[number];
    old.where->second = moved[number];
    const auto before = old.name_space;
    old.name_space = name_spaces.number_of(name_spaces_.text_of(before));
    if (old.name_space == timelines.size()) timelines.push_back(std::move(timelines_[before]));
    old.scope = labels.number_of(labels_.text_of(old.scope));
    old.agent = labels.number_of(labels_.text_of(old.agent));
    for (auto& tag : old.tags) tag = labels.number_of(labels_.text_of(tag));
    documents.push_back(std::move(old));
  }
  text_numbers words;
  text_numbers stems;
  std::vector<std::vector<posting>> postings;
  std::vector<std::vector<word_number>> forms;
  for (std::size_t stem = 0; stem < forms_.size(); ++stem) {
    for (const auto word : forms_[stem]) {
      auto& list = postings_[word];
      std::size_t kept = 0;
      for (const auto& one : list)
        if (const auto to = moved[one.document]; to != text_numbers::none) list[kept++] = {to, one.counts};
      if (kept == 0) continue;
      list.resize(kept);
      list.shrink_to_fit();
      const auto number = stems.number_of(stems_.text_of(static_cast<std::uint32_t>(stem)));
      if (number == forms.size()) forms.emplace_back();
      forms[number].push_back(words.number_of(words_.text_of(word)));
      postings.push_back(std::move(list));
    }
  }
  documents_ = std::move(documents);
  words_ = std::move(words);
  stems_ = std::move(stems);
  postings_ = std::move(postings);
  forms_ = std::move(forms);
  name_spaces_ = std::move(name_spaces);
  timelines_ = std::move(timelines);
  labels_ = std::move(labels);
}

std::vector<indexed_record> word_index::contents() const {
  std::vector<indexed_record> all(documents_.size());
  for (document_number number = 0; number < documents_.size(); ++number) {
    const auto& from = documents_[number];
    auto& to = all[number];
    if (!from.live) continue;
    to.key = from.key;
    to.name_space = name_spaces_.text_of(from.name_space);
    to.order = from.where->first.order;
    to.agent_id = labels_.text_of(from.agent);
    to.scope = labels_.text_of(from.scope);
    for (const auto tag : from.tags) to.tags.push_back(labels_.text_of(tag));
    to.created_ms = from.where->first.created_ms;
    to.standing = from.standing;
    to.title_words = from.title_words;
    to.content_words = from.content_words;
    to.tag_words = from.tag_words;
  }
  for (word_number word = 0; word < postings_.size(); ++word)
    for (const auto& one : postings_[word])
      if (documents_[one.document].live) all[one.document].words.emplace_back(words_.text_of(word), one.counts);
  std::erase_if(all, [](const indexed_record& record) { return record.key.empty(); });
  for (auto& record : all)
    std::sort(record.words.begin(), record.words.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::sort(all.begin(), all.end(), [](const indexed_record& a, const indexed_record& b) { return a.key < b.key; });
  return all;
}

}  // namespace quorate::memory
