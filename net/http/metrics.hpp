// What the gateway counts, and the Prometheus page it makes of that and of the node's own figures.
//
// Owned by the gateway. Counting from any thread, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "quorate/v1/admin.pb.h"
#include "quorate/v1/curation.pb.h"

namespace quorate::net::http {

/// Counts of what took up to so many seconds, for a Prometheus histogram.
class duration_histogram {
 public:
  void add(std::int64_t microseconds);
  /// The lines of one series; `labels` without braces, may be empty.
  void append_to(std::string& page, const std::string& name, const std::string& labels) const;

 private:
  static constexpr std::size_t buckets = 11;
  std::array<std::atomic<std::uint64_t>, buckets + 1> counts_{};  ///< the last: longer than every bound
  std::atomic<std::uint64_t> microseconds_{0};
};

class metrics {
 public:
  explicit metrics(std::size_t routes) : requests_(routes) {}

  void count_store(v1::Tier tier, bool stored, std::uint64_t records = 1);
  void count_recall(std::int64_t microseconds);
  void count_quorum_failure(bool unreachable);
  /// `route`: its place in the table.
  void count_request(std::size_t route, int status, std::int64_t microseconds);
  void count_refusal(int status);

  /// Either is null when the node did not say.
  std::string page(const v1::StatusReply* node, const v1::StatsReply* stats) const;

 private:
  struct of_route {
    std::array<std::atomic<std::uint64_t>, 6> by_class{};  ///< of statuses: 2 = 200 to 299
    duration_histogram durations;
  };
  void append_stores(std::string& page) const;
  void append_requests(std::string& page) const;

  std::array<std::array<std::atomic<std::uint64_t>, 2>, 4> stores_{};  ///< by tier, then failed and stored
  std::atomic<std::uint64_t> recalls_{0};
  duration_histogram recall_durations_;
  std::array<std::atomic<std::uint64_t>, 2> quorum_failures_{};  ///< timeout, unreachable
  std::array<std::atomic<std::uint64_t>, 6> refusals_{};
  std::vector<of_route> requests_;
};

}  // namespace quorate::net::http
