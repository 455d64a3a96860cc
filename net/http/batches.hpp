// Many records of one request as one call, each with an end of its own.
//
// Any thread; waits for the node.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http/gateway_state.hpp"
#include "proto/status.hpp"

namespace quorate::net::http {

/// Reads the records of a JSON array and stores those that are some.
class record_batch {
 public:
  /// One that could not be read has its error in `ends`, the others are in `request`.
  explicit record_batch(std::string_view array);

  std::size_t size() const { return ends_.size(); }
  /// The request's item for a record; null for one that could not be read.
  v1::StoreRequest* item(std::size_t record);
  const call_result& end(std::size_t record) const { return ends_[record]; }
  void set_end(std::size_t record, call_result end) { ends_[record] = std::move(end); }

  /// Stores what has not failed yet. An answer: the call failed as a whole, or no record got its copies and some would
  /// have, so that the request is best sent again.
  std::optional<answer> store(gateway_state& gateway);
  std::size_t stored() const;
  /// The first record that is neither stored nor to blame for it.
  const call_result* first_unavailable() const;
  const std::string& session() const { return session_; }

 private:
  v1::StoreBatchRequest request_;
  std::vector<int> items_;  ///< of each record its place in the request; -1 = none
  std::vector<call_result> ends_;
  std::string session_;
};

/// "field: rule", or what else went wrong, in one line.
std::string why(const call_result& end);

/// As a call that ended with this error.
call_result as_result(const status& error);

/// 400 for more records than one call takes; nothing when they are few enough.
std::optional<answer> refuse_too_many(std::size_t records);

}  // namespace quorate::net::http
