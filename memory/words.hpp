// Text as words, the same for what is stored and for what is asked.
//
// A word is a run of letters and digits, in lower case and without accents (Latin); each ideograph and each kana is a
// word of its own, as nothing parts them. Invisible characters (soft hyphens, joiners, direction marks) are not there.
// All else parts words. A word is cut after `word_bytes_max`.
//
// Pure functions, any thread, any bytes; what is not UTF-8 parts words.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quorate::memory {

inline constexpr std::size_t word_bytes_max = 64;
/// Of one query; what follows is not looked at.
inline constexpr std::size_t query_words_max = 256;

/// Calls `take` with each word, in order. The view is good for the call.
void for_each_word(std::string_view text, const std::function<void(std::string_view)>& take);
std::vector<std::string> words_of(std::string_view text);

/// The words of a query, each once, in order. The tokens AND, OR, NOT, NEAR (any case) are no words: people write them
/// as operators, and there are none.
std::vector<std::string> query_words(std::string_view text);

/// Whether the word says nothing of what a text is about: "the", "what", ...
bool is_stop_word(std::string_view word);
/// `words` without those, unless nothing would be left.
std::vector<std::string> without_stop_words(std::vector<std::string> words);

}  // namespace quorate::memory
