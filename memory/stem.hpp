// English words brought to one form: "painting", "painted", "paints" are one word to somebody who asks.
//
// Any thread; each keeps a stemmer of its own.
#pragma once

#include <string>
#include <string_view>

namespace quorate::memory {

/// The stem (Snowball, English) of a word of words.hpp. Words with digits or other letters than a-z stay as they are.
std::string stem_of(std::string_view word);

}  // namespace quorate::memory
