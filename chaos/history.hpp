// Every write a workload sent, what was answered and when; and whether the state of a node agrees with it.
//
// `history` is thread-safe. The check is pure: it allows exactly what the answers allow. Of the writes of one key it
// accepts the content of the acknowledged one with the highest stamp (of those without a stamp, of one that no other
// acknowledged one followed in time), and of any indeterminate one that is not known to be older than an acknowledged
// one; nothing else, and absence only where a deletion or "nothing acknowledged" explains it. And stamps must follow
// time: none is below that of a write that was acknowledged before it began.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chaos/node_client.hpp"

namespace quorate::chaos {

struct write_event {
  std::string key;  ///< as `key_of` gives it
  std::string id;   ///< as answered; empty unless acknowledged
  std::uint64_t content_hash = 0;
  bool deleted = false;
  write_outcome outcome = write_outcome::indeterminate;
  std::size_t node = 0;       ///< index of the endpoint it was sent to
  std::int64_t start_us = 0;  ///< steady clock
  std::int64_t end_us = 0;
  /// Hybrid time and node, as answered: of two versions of a record the higher one wins, whenever it comes.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> stamp;
};

/// Namespace and title in one.
std::string key_of(std::string_view name_space, std::string_view title);
/// For a person: "namespace / title".
std::string readable(std::string key);
std::uint64_t hash_of(std::string_view content);
std::int64_t steady_us();

struct outcome_counts {
  std::uint64_t acknowledged = 0;
  std::uint64_t rejected = 0;
  std::uint64_t indeterminate = 0;
  std::uint64_t superseded = 0;
};

class history {
 public:
  void add(write_event event);
  std::vector<write_event> events() const;
  outcome_counts counts() const;

 private:
  mutable std::mutex mutex_;
  std::vector<write_event> events_;
  outcome_counts counts_;
};

/// One disagreement between what was answered and what a node holds.
struct violation {
  enum class kind : std::uint8_t {
    missing,
    wrong_content,
    wrong_id,
    rejected_but_present,
    below_an_earlier_one,   ///< acknowledged with a lower stamp than a write that was acknowledged before it began
    superseded_by_nothing,  ///< called durable and overtaken, but nothing was there that could have overtaken it
    foreign,
    duplicate,
    served_wrong
  };
  kind what = kind::missing;
  std::string key;
  std::string id;
};
/// For a person; the zero byte of the key as " / ".
std::string text_of(const violation& found);

/// Compares the keys of the history; other records of the node are not looked at.
std::vector<violation> check(const std::vector<write_event>& events, const node_contents& contents);

/// What a node served at some time: name and content hash.
using served_contents = std::set<std::pair<std::string, std::uint64_t>>;
void add_to(served_contents& served, const node_contents& contents);
/// Those of them that no write of the history can have left at any time.
std::vector<violation> check_served(const std::vector<write_event>& events, const served_contents& served,
                                    std::string_view apart);

/// The rest: records nobody wrote, unless their namespace is `apart`, and names that are there twice.
std::vector<violation> check_foreign(const std::vector<write_event>& events, const node_contents& contents,
                                     std::string_view apart);

}  // namespace quorate::chaos
