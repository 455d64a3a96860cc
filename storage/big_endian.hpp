// Numbers as bytes, highest byte first, so that stored keys sort as the numbers do.
//
// Pure functions, any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quorate::storage {

template <std::unsigned_integral Number>
void append_big_endian(std::string& out, Number number) {
  char bytes[sizeof(Number)];
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    bytes[i] = static_cast<char>(number >> (8 * (sizeof(Number) - 1 - i)));
  out.append(bytes, sizeof(Number));
}

/// Takes stored bytes apart from the front. Reading past the end yields zeros and makes `complete` false.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral Number>
  Number number() {
    std::uint64_t value = 0;
    for (const char byte : bytes(sizeof(Number))) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<Number>(value);
  }

  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest() {
    const auto taken = rest_;
    rest_ = {};
    return taken;
  }

  /// Everything asked for was there, and nothing is left over.
  bool complete() const { return !short_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool short_ = false;
};

}  // namespace quorate::storage
