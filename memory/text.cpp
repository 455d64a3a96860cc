#include "memory/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace quorate::memory {

namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A)
         || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_unclean_control(char32_t c) { return (c < 0x20 && c != U'\n' && c != U'\t') || (c >= 0x7F && c <= 0x9F); }

/// The scalar value `text` ends with; like first_scalar.
scalar last_scalar(std::string_view text) {
  if (text.empty()) return {};
  std::size_t start = text.size() - 1;
  while (start > 0 && text.size() - start < 4 && is_continuation(text[start])) --start;
  const scalar last = first_scalar(text.substr(start));
  return start + last.bytes == text.size() ? last : scalar{};
}

/// Whether all eight bytes are printable ASCII. Each term sets the high bit of some byte exactly when one is not:
/// above 0x7F, below 0x20, or 0x7F.
bool is_plain(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high = 0x80 * ones;
  const std::uint64_t below_space = (word - 0x20 * ones) & ~word;
  const std::uint64_t from_delete = word ^ (0x7F * ones);
  const std::uint64_t is_delete = (from_delete - ones) & ~from_delete;
  return ((word | below_space | is_delete) & high) == 0;
}

std::size_t skip_plain(std::string_view text, std::size_t at) {
  while (text.size() - at >= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if (!is_plain(word)) break;
    at += sizeof word;
  }
  return at;
}

}  // namespace

scalar first_scalar(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t value = lead & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return {};
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {value, bytes};
}

std::string_view trimmed(std::string_view text) {
  for (scalar c = first_scalar(text); c.bytes != 0 && is_white_space(c.value); c = first_scalar(text)) {
    text.remove_prefix(c.bytes);
  }
  for (scalar c = last_scalar(text); c.bytes != 0 && is_white_space(c.value); c = last_scalar(text)) {
    text.remove_suffix(c.bytes);
  }
  return text;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::optional<text_fault> find_fault(std::string_view text) {
  std::size_t at = 0;
  while ((at = skip_plain(text, at)) < text.size()) {
    // One word's worth byte by byte, then try words again: a text of other scripts pays one failed test per word.
    const std::size_t pause = std::min(text.size(), at + sizeof(std::uint64_t));
    while (at < pause) {
      const scalar c = first_scalar(text.substr(at));
      if (c.bytes == 0) return text_fault{at, std::nullopt};
      if (is_unclean_control(c.value)) return text_fault{at, c.value};
      at += c.bytes;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> find_malformed_utf8(std::string_view text) {
  std::size_t at = 0;
  while ((at = skip_plain(text, at)) < text.size()) {
    const scalar c = first_scalar(text.substr(at));
    if (c.bytes == 0) return at;
    at += c.bytes;
  }
  return std::nullopt;
}

}  // namespace quorate::memory
