// How the calls that are no searches ask the index of words: for records that have any of them.
//
// Pure, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "memory/text_index.hpp"

namespace quorate::net {

inline memory::word_query any_word_of(const std::string& text, const std::optional<std::string>& name_space,
                                      std::size_t limit) {
  memory::word_query query;
  query.text = text;
  query.filter.name_space = name_space;
  query.limit = limit;
  return query;
}

}  // namespace quorate::net
