// A directory of our own, removed with all it holds by the destructor unless told to keep it.
#pragma once

#include <string>

#include "proto/status.hpp"

namespace quorate::chaos {

class scratch_directory {
 public:
  /// A new directory below `parent` ("" = the system's place for temporary files).
  static result<scratch_directory> make(const std::string& parent = "");

  scratch_directory() = default;
  scratch_directory(scratch_directory&& other) noexcept;
  scratch_directory& operator=(scratch_directory&& other) noexcept;
  ~scratch_directory();

  const std::string& path() const { return path_; }
  void keep() { keep_ = true; }

 private:
  std::string path_;
  bool keep_ = false;
};

}  // namespace quorate::chaos
