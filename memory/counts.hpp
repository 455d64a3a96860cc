// How many records there are, by tier and by namespace.
//
// Reads all of them through the reader given; made for one call.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "proto/record.hpp"
#include "quorate/v1/curation.pb.h"

namespace quorate::memory {

class namespace_counts {
 public:
  void add(const std::string& name_space) { ++counts_[name_space]; }
  /// Most first; of equals in byte order.
  void fill(google::protobuf::RepeatedPtrField<v1::NamespaceCount>* out) const;

 private:
  std::map<std::string, std::uint64_t> counts_;
};

/// Of one node's copy. Rows of any kind whose value is none are counted as such and as nothing else. `stored_bytes` is
/// what the live records and links take, not the files they are in.
result<v1::StatsReply> count_records(const record_reader& now, std::int64_t now_ms);

}  // namespace quorate::memory
