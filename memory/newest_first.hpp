// The newest few of many values that come in any order, for one answer: as many as were asked for, fewer when they
// would take more bytes than a page may.
//
// Holds no more values than it may give. A value; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

/// `Value` is a protobuf message.
template <class Value>
class newest_first {
 public:
  explicit newest_first(std::size_t count_max) : count_max_(count_max) {}

  /// Of values of the same time the one with the highest version counts as the newest, of those the one with the
  /// greatest name; names differ.
  void add(std::int64_t time_ms, const version& stamp, std::string name, Value value) {
    place at{time_ms, stamp, std::move(name)};
    // Older than one that had no room: were it taken because it is small, one between would be missing.
    if (at < left_out_) return;
    bytes_ += value.ByteSizeLong();
    values_.emplace(std::move(at), std::move(value));
    while (values_.size() > count_max_ || (bytes_ > limits::page_bytes_max && values_.size() > 1)) {
      auto oldest = values_.extract(values_.begin());
      bytes_ -= oldest.mapped().ByteSizeLong();
      left_out_ = std::move(oldest.key());
    }
  }

  std::vector<Value> take() && {
    std::vector<Value> newest;
    newest.reserve(values_.size());
    for (auto at = values_.rbegin(); at != values_.rend(); ++at) newest.push_back(std::move(at->second));
    return newest;
  }

 private:
  using place = std::tuple<std::int64_t, version, std::string>;

  std::size_t count_max_;
  std::size_t bytes_ = 0;
  std::map<place, Value> values_;  ///< oldest first
  place left_out_{std::numeric_limits<std::int64_t>::min(), version{}, std::string()};
};

}  // namespace quorate::memory
