// SHA-256 of bytes that come in pieces, by OpenSSL.
//
// One thread. A failure of the library (out of memory) throws std::runtime_error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proto/status.hpp"

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

struct file_hash {
  std::string sha256;
  std::uint64_t bytes = 0;
};
/// Of a file, read to its end. storage_failure.
result<file_hash> hash_file(const std::string& path);

}  // namespace quorate::cli
