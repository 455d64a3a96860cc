// What every end-to-end case starts from: a cluster of real processes, a few short calls, and the logs of the nodes
// on the terminal when a check of the case failed. One thread.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/history.hpp"
#include "chaos/local_cluster.hpp"
#include "chaos/wait.hpp"

namespace quorate::e2e {

using chaos::milliseconds;
using chaos::steady_clock;
using chaos::text_of;

inline constexpr milliseconds call_deadline(5'000);
inline constexpr milliseconds converge_bound(20'000);

using flags = std::map<std::string, std::string>;
/// One flag of `quorate serve` for every node.
inline flags with(const std::string& flag, const std::string& value) { return {{flag, value}}; }

/// A cluster that serves and is connected, or a failed case.
class running_cluster {
 public:
  explicit running_cluster(flags common = {}, bool start = true);
  ~running_cluster();
  chaos::local_cluster* operator->() { return cluster_.get(); }
  chaos::local_cluster& operator*() { return *cluster_; }

  /// Waits until the digests of the named nodes are equal; a failed check otherwise.
  void require_equal(const std::vector<std::string>& names);
  /// Every node named agrees with what was answered; reports the first disagreements.
  void require_history(const std::vector<chaos::write_event>& events, const std::vector<std::string>& names);

 private:
  std::unique_ptr<chaos::local_cluster> cluster_;
};

v1::StoreRequest record(const std::string& title, const std::string& content);
v1::GetRequest by_name(const std::string& title);

/// Stores with the usual deadline; the answer.
grpc::Status store(chaos::node_client& node, const std::string& title, const std::string& content,
                   v1::StoreReply* reply = nullptr);
/// The content under a title on one node; "" when absent.
std::string content_on(chaos::node_client& node, const std::string& title);
/// Whether `title` has `content` there within the bound.
bool shows(chaos::node_client& node, const std::string& title, const std::string& content, milliseconds bound);

/// Cuts the link between two nodes, both ways, and waits until the first has noticed.
void cut(running_cluster& cluster, const std::string& one, const std::string& other);

/// The variable's value as a number, or the default.
std::uint64_t number_from_environment(const char* name, std::uint64_t by_default);

}  // namespace quorate::e2e
