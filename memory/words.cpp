#include "memory/words.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "memory/text.hpp"

namespace quorate::memory {

namespace {

enum class sort : char { parts, letter, alone, invisible };

struct span {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool within(const std::array<span, N>& spans, char32_t c) {
  const auto after =
      std::upper_bound(spans.begin(), spans.end(), c, [](char32_t x, const span& s) { return x < s.first; });
  return after != spans.begin() && c <= std::prev(after)->last;
}

constexpr std::array<span, 11> invisible{{{0xAD, 0xAD},
                                          {0x34F, 0x34F},
                                          {0x61C, 0x61C},
                                          {0x180E, 0x180E},
                                          {0x200B, 0x200F},
                                          {0x202A, 0x202E},
                                          {0x2060, 0x2064},
                                          {0x2066, 0x2069},
                                          {0xFE00, 0xFE0F},
                                          {0xFEFF, 0xFEFF},
                                          {0xE0100, 0xE01EF}}};

/// Above ASCII: what is neither a letter, a digit nor a mark that belongs to one.
constexpr std::array<span, 18> parting{{{0x80, 0xA9},
                                        {0xAB, 0xB1},
                                        {0xB4, 0xB4},
                                        {0xB6, 0xB8},
                                        {0xBB, 0xBB},
                                        {0xBF, 0xBF},
                                        {0xD7, 0xD7},
                                        {0xF7, 0xF7},
                                        {0x2000, 0x206F},
                                        {0x20A0, 0x20CF},
                                        {0x2190, 0x245F},
                                        {0x2500, 0x2BFF},
                                        {0x2E00, 0x2E7F},
                                        {0x3000, 0x3004},
                                        {0x3008, 0x3020},
                                        {0xFE10, 0xFE6F},
                                        {0xFF00, 0xFF0F},
                                        {0x1F000, 0x1FAFF}}};

constexpr std::array<span, 6> ideographs{
    {{0x3041, 0x30FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0xFF66, 0xFF9D}, {0x20000, 0x3FFFF}}};

sort sort_of(char32_t c) {
  if (within(invisible, c)) return sort::invisible;
  if (within(parting, c)) return sort::parts;
  return within(ideographs, c) ? sort::alone : sort::letter;
}

/// The plain letters that U+00C0 ... U+017F are written with; '.' = itself, lower case.
constexpr std::string_view latin =
    "aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.lllllll"
    "lllnnnnnnn..oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(latin.size() == 0x180 - 0xC0);

char32_t lower(char32_t c) {
  switch (c) {
    case 0xC6: return 0xE6;
    case 0xD0: return 0xF0;
    case 0xDE: return 0xFE;
    case 0x132: return 0x133;
    case 0x14A: return 0x14B;
    case 0x152: return 0x153;
    case 0x1E9E: return 0xDF;
    case 0x386: return 0x3AC;
    case 0x38C: return 0x3CC;
    case 0x38E: return 0x3CD;
    case 0x38F: return 0x3CE;
    case 0x3C2: return 0x3C3;
    default: break;
  }
  if (c >= 0x388 && c <= 0x38A) return c + 37;
  if (c >= 0x391 && c <= 0x3AB) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x460 && c <= 0x52F && !(c >= 0x482 && c <= 0x489) && c % 2 == 0 && !(c >= 0x4C0 && c <= 0x4CF))
    return c + 1;
  if (c >= 0x531 && c <= 0x556) return c + 48;
  if (c >= 0xFF21 && c <= 0xFF3A) return c - 0xFF21 + U'a';
  if (c >= 0xFF41 && c <= 0xFF5A) return c - 0xFF41 + U'a';
  if (c >= 0xFF10 && c <= 0xFF19) return c - 0xFF10 + U'0';
  return c;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

/// A letter as it is indexed. Accents that stand alone (U+0300 ... U+036F) are nothing.
void append_folded(std::string& out, char32_t c) {
  if (c >= 0x300 && c <= 0x36F) return;
  if (c >= 0xC0 && c < 0x180 && latin[c - 0xC0] != '.')
    out.push_back(latin[c - 0xC0]);
  else
    append_utf8(out, lower(c));
}

constexpr bool is_plain_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

constexpr char plain_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Sorted. Question words, articles, pronouns, auxiliaries, prepositions; what apostrophes leave behind.
constexpr auto stop_words = std::to_array<std::string_view>(
    {"a",       "about", "after", "again",      "all",    "also",    "am",    "an",       "and",    "any",     "are",
     "as",      "at",    "be",    "because",    "been",   "before",  "being", "but",      "by",     "can",     "could",
     "d",       "did",   "didn",  "do",         "does",   "doesn",   "doing", "don",      "during", "each",    "for",
     "from",    "had",   "has",   "have",       "having", "he",      "her",   "here",     "hers",   "him",     "his",
     "how",     "i",     "if",    "in",         "into",   "is",      "isn",   "it",       "its",    "just",    "ll",
     "m",       "me",    "might", "more",       "most",   "much",    "my",    "no",       "nor",    "not",     "now",
     "of",      "off",   "on",    "only",       "or",     "other",   "our",   "ours",     "out",    "over",    "own",
     "re",      "s",     "same",  "shall",      "she",    "should",  "so",    "some",     "such",   "t",       "than",
     "that",    "the",   "their", "theirs",     "them",   "then",    "there", "these",    "they",   "this",    "those",
     "through", "to",    "too",   "under",      "until",  "up",      "us",    "ve",       "very",   "was",     "wasn",
     "we",      "were",  "what",  "when",       "where",  "whether", "which", "while",    "who",    "whom",    "whose",
     "why",     "will",  "with",  "would",      "you",    "your",    "yours", "yourself", "above",  "against", "below",
     "between", "both",  "down",  "themselves", "himself"});

/// The same, in order.
const std::vector<std::string_view>& sorted_stop_words() {
  static const std::vector<std::string_view> sorted = [] {
    std::vector<std::string_view> all(stop_words.begin(), stop_words.end());
    std::sort(all.begin(), all.end());
    return all;
  }();
  return sorted;
}

bool is_operator(std::string_view token) {
  std::string folded;
  for (const char c : token) folded.push_back(plain_lower(c));
  return folded == "and" || folded == "or" || folded == "not" || folded == "near";
}

}  // namespace

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& take) {
  std::string word;
  const auto end = [&] {
    if (!word.empty()) take(word);
    word.clear();
  };
  const auto append = [&](char32_t c) {
    if (word.size() < word_bytes_max) append_folded(word, c);
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      ++at;
      const char folded = plain_lower(c);
      if (!is_plain_letter(folded))
        end();
      else if (word.size() < word_bytes_max)
        word.push_back(folded);
      continue;
    }
    const auto next = first_scalar(text.substr(at));
    at += std::max<std::size_t>(next.bytes, 1);
    switch (next.bytes == 0 ? sort::parts : sort_of(next.value)) {
      case sort::parts: end(); break;
      case sort::invisible: break;
      case sort::letter: append(next.value); break;
      case sort::alone:
        end();
        append(next.value);
        end();
        break;
    }
  }
  end();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

std::vector<std::string> query_words(std::string_view text) {
  std::vector<std::string> words;
  const auto take = [&](std::string_view word) {
    if (words.size() < query_words_max && std::find(words.begin(), words.end(), word) == words.end())
      words.emplace_back(word);
  };
  constexpr std::string_view spaces = " \t\n\r\f\v";
  for (std::size_t at = 0; (at = text.find_first_not_of(spaces, at)) != std::string_view::npos;) {
    const auto stop = std::min(text.find_first_of(spaces, at), text.size());
    const auto token = text.substr(at, stop - at);
    if (!is_operator(token)) for_each_word(token, take);
    at = stop;
  }
  return words;
}

bool is_stop_word(std::string_view word) {
  const auto& sorted = sorted_stop_words();
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

std::vector<std::string> without_stop_words(std::vector<std::string> words) {
  std::vector<std::string> telling;
  std::copy_if(words.begin(), words.end(), std::back_inserter(telling),
               [](const std::string& word) { return !is_stop_word(word); });
  return telling.empty() ? words : telling;
}

}  // namespace quorate::memory
