// Which records a listing, a search or a forgetting is about: a RecordFilter, checked and ready to be asked.
//
// Pure, any thread. Judges records as readers see them (memory/usage.hpp), so present them first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/status.hpp"
#include "quorate/v1/record.pb.h"

namespace quorate::memory {

class list_filter {
 public:
  /// Keeps everything.
  list_filter() = default;

  /// An error is an invalid_argument that names the field.
  static result<list_filter> from(const v1::RecordFilter& given);

  /// Whether everything that is given holds for `record`. Says nothing of its expiry.
  bool keeps(const v1::MemoryRecord& record) const;
  bool keeps_everything() const;
  /// The one namespace its records are in, if it is given.
  const std::optional<std::string>& name_space() const { return name_space_; }

 private:
  std::optional<std::string> name_space_;
  v1::Tier tier_ = v1::TIER_UNSPECIFIED;
  std::optional<int> min_priority_;
  std::optional<std::int64_t> since_ms_;
  std::optional<std::int64_t> until_ms_;
  std::optional<std::string> tag_;
  std::optional<std::string> agent_id_;
};

}  // namespace quorate::memory
