#include "net/http/metrics.hpp"

#include <charconv>

#include "memory/validation.hpp"
#include "net/http/route.hpp"

namespace quorate::net::http {
namespace {

struct bound {
  const char* seconds;
  std::int64_t microseconds;
};
constexpr std::array<bound, 11> bounds{{{"0.001", 1'000},
                                        {"0.005", 5'000},
                                        {"0.01", 10'000},
                                        {"0.025", 25'000},
                                        {"0.05", 50'000},
                                        {"0.1", 100'000},
                                        {"0.25", 250'000},
                                        {"0.5", 500'000},
                                        {"1", 1'000'000},
                                        {"2.5", 2'500'000},
                                        {"5", 5'000'000}}};

void begin_family(std::string& page, std::string_view name, std::string_view type, std::string_view help) {
  page.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ");
  page.append(type).append("\n");
}

void append_sample(std::string& page, std::string_view name, const std::string& labels, const std::string& value) {
  page.append(name);
  if (!labels.empty()) page.append("{").append(labels).append("}");
  page.append(" ").append(value).append("\n");
}

std::string seconds_of(std::uint64_t microseconds) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, static_cast<double>(microseconds) / 1e6).ptr};
}

/// A value in the quotes of a label.
std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text + "\"";
}

void gauge(std::string& page, std::string_view name, std::string_view help, std::uint64_t value) {
  begin_family(page, name, "gauge", help);
  append_sample(page, name, "", std::to_string(value));
}

template <class Value>
void gauge_of_peers(std::string& page, std::string_view name, std::string_view help, const v1::StatusReply& node,
                    Value value) {
  if (node.peers().empty()) return;
  begin_family(page, name, "gauge", help);
  for (const auto& peer : node.peers())
    append_sample(page, name, label("peer", peer.name()), std::to_string(value(peer)));
}

void append_node(std::string& page, const v1::StatusReply& node) {
  begin_family(page, "quorate_node_state", "gauge", "1 for the state that the node is in.");
  append_sample(page, "quorate_node_state", label("state", node.state()), "1");
  gauge(page, "quorate_records", "Live records on this node.", node.records());
  gauge(page, "quorate_tombstones", "Deleted records that are remembered.", node.tombstones());
  gauge(page, "quorate_members", "Members of the cluster, this node included.", node.members());
  gauge(page, "quorate_write_quorum", "Copies on disk before a write is acknowledged.", node.write_quorum());
  gauge(page, "quorate_writes_pending", "Writes that are accepted and not yet answered.", node.writes_pending());
  gauge(page, "quorate_entries_refused_clock", "Entries of peers that were stamped too far ahead.",
        node.entries_refused_clock());
  gauge(page, "quorate_entries_poisoned", "Entries set aside because they killed the writer.", node.entries_poisoned());
  gauge(page, "quorate_uptime_seconds", "Since this process started.",
        static_cast<std::uint64_t>(node.uptime_ms() / 1'000));
  gauge_of_peers(page, "quorate_peer_up", "Whether the peer is connected and was heard of.", node,
                 [](const v1::PeerStatus& peer) { return static_cast<int>(peer.up()); });
  gauge_of_peers(page, "quorate_peer_counts", "Whether the peer's acknowledgements count in quorums.", node,
                 [](const v1::PeerStatus& peer) { return static_cast<int>(peer.counts()); });
  gauge_of_peers(page, "quorate_peer_entries_behind", "Entries the peer has not yet said it has.", node,
                 [](const v1::PeerStatus& peer) { return peer.entries_behind(); });
  gauge_of_peers(page, "quorate_peer_bytes_in_flight", "Sent to the peer and not yet acknowledged.", node,
                 [](const v1::PeerStatus& peer) { return peer.bytes_in_flight(); });
  gauge_of_peers(page, "quorate_peer_clock_offset_milliseconds", "The peer's clock minus this one.", node,
                 [](const v1::PeerStatus& peer) { return peer.clock_offset_ms(); });
}

std::size_t class_of(int status) { return static_cast<std::size_t>(status / 100) % 6; }

}  // namespace

void duration_histogram::add(std::int64_t microseconds) {
  std::size_t bucket = 0;
  while (bucket < buckets && microseconds > bounds[bucket].microseconds) ++bucket;
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  microseconds_.fetch_add(static_cast<std::uint64_t>(microseconds), std::memory_order_relaxed);
}

void duration_histogram::append_to(std::string& page, const std::string& name, const std::string& labels) const {
  const auto lead = labels.empty() ? "" : labels + ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= buckets; ++i) {
    below += counts_[i].load(std::memory_order_relaxed);
    append_sample(page, name + "_bucket", lead + label("le", i < buckets ? bounds[i].seconds : "+Inf"),
                  std::to_string(below));
  }
  append_sample(page, name + "_sum", labels, seconds_of(microseconds_.load(std::memory_order_relaxed)));
  append_sample(page, name + "_count", labels, std::to_string(below));
}

void metrics::count_store(v1::Tier tier, bool stored, std::uint64_t records) {
  // A record without a tier gets the default one.
  const auto place = tier == v1::TIER_UNSPECIFIED ? v1::TIER_MID : tier;
  stores_[static_cast<std::size_t>(place) % stores_.size()][stored ? 1 : 0].fetch_add(records,
                                                                                      std::memory_order_relaxed);
}

void metrics::count_recall(std::int64_t microseconds) {
  recalls_.fetch_add(1, std::memory_order_relaxed);
  recall_durations_.add(microseconds);
}

void metrics::count_quorum_failure(bool unreachable) {
  quorum_failures_[unreachable ? 1 : 0].fetch_add(1, std::memory_order_relaxed);
}

void metrics::count_request(std::size_t route, int status, std::int64_t microseconds) {
  auto& counted = requests_[route];
  counted.by_class[class_of(status)].fetch_add(1, std::memory_order_relaxed);
  counted.durations.add(microseconds);
}

void metrics::count_refusal(int status) { refusals_[class_of(status)].fetch_add(1, std::memory_order_relaxed); }

void metrics::append_stores(std::string& page) const {
  begin_family(page, "ai_memory_store_total", "counter", "Records that were to be stored over HTTP.");
  for (const auto tier : {v1::TIER_SHORT, v1::TIER_MID, v1::TIER_LONG})
    for (const bool stored : {true, false})
      append_sample(
          page, "ai_memory_store_total",
          label("tier", memory::text_of(tier)) + "," + label("result", stored ? "ok" : "err"),
          std::to_string(stores_[static_cast<std::size_t>(tier)][stored ? 1 : 0].load(std::memory_order_relaxed)));
  begin_family(page, "quorate_http_quorum_failures_total", "counter", "Writes over HTTP that lacked copies.");
  for (const bool unreachable : {false, true})
    append_sample(page, "quorate_http_quorum_failures_total", label("reason", unreachable ? "unreachable" : "timeout"),
                  std::to_string(quorum_failures_[unreachable ? 1 : 0].load(std::memory_order_relaxed)));
}

void metrics::append_requests(std::string& page) const {
  begin_family(page, "quorate_http_requests_total", "counter", "Requests answered, by route and class of status.");
  for (std::size_t i = 0; i < requests_.size(); ++i)
    for (std::size_t c = 1; c < requests_[i].by_class.size(); ++c)
      if (const auto count = requests_[i].by_class[c].load(std::memory_order_relaxed); count > 0)
        append_sample(page, "quorate_http_requests_total",
                      label("method", routes()[i].method) + "," + label("path", routes()[i].path) + ","
                          + label("status", std::to_string(c) + "xx"),
                      std::to_string(count));
  for (std::size_t c = 1; c < refusals_.size(); ++c)
    if (const auto count = refusals_[c].load(std::memory_order_relaxed); count > 0)
      append_sample(page, "quorate_http_requests_total",
                    R"(method="",path="",)" + label("status", std::to_string(c) + "xx"), std::to_string(count));
  begin_family(page, "quorate_http_request_seconds", "histogram", "From the last byte of a request to its answer.");
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    bool asked = false;
    for (const auto& count : requests_[i].by_class) asked |= count.load(std::memory_order_relaxed) > 0;
    if (asked)
      requests_[i].durations.append_to(page, "quorate_http_request_seconds",
                                       label("method", routes()[i].method) + "," + label("path", routes()[i].path));
  }
}

std::string metrics::page(const v1::StatusReply* node, const v1::StatsReply* stats) const {
  std::string page;
  if (stats != nullptr) gauge(page, "ai_memory_memories", "Records on this node.", stats->total());
  append_stores(page);
  begin_family(page, "ai_memory_recall_total", "counter", "Recalls over HTTP.");
  append_sample(page, "ai_memory_recall_total", label("mode", "keyword"),
                std::to_string(recalls_.load(std::memory_order_relaxed)));
  begin_family(page, "ai_memory_recall_latency_seconds", "histogram", "How long recalls over HTTP took.");
  recall_durations_.append_to(page, "ai_memory_recall_latency_seconds", label("mode", "keyword"));
  append_requests(page);
  if (node != nullptr) append_node(page, *node);
  return page;
}

}  // namespace quorate::net::http
