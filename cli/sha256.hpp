// SHA-256 of bytes that come in pieces, by OpenSSL.
//
// One thread. A failure of the library (out of memory) throws std::runtime_error.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace quorate::cli {

class sha256 {
 public:
  sha256();
  ~sha256();
  void add(std::string_view bytes);
  /// 64 hexadecimal digits, lower case. Once.
  std::string take();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace quorate::cli
