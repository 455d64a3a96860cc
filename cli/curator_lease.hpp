// The right to curate, so that one curator works at a time.
//
// A record that all nodes share (namespace `_curator`, title `lease`) names the holder and until when. Taken with a
// linearizable write and looked at again before every act with a quorum read, so that who lost it stops at the next
// act. It is advice, not a lock: two curators can hold it for one act each, when they take it in the same moment or
// their clocks differ by more than the lease lasts; every act of theirs must bear that (docs/curator.md).
//
// Owned by the verb, one thread. A holder that dies blocks the others until the lease has run out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "net/client.hpp"
#include "proto/status.hpp"

namespace quorate::cli {

inline constexpr const char* curator_namespace = "_curator";
inline constexpr const char* curator_lease_title = "lease";
inline constexpr std::int64_t curator_lease_ms = 60'000;

class curator_lease {
 public:
  using wall_clock = std::function<std::int64_t()>;  ///< Unix milliseconds

  curator_lease(net::client& client, std::string owner, wall_clock now_ms);
  /// Gives it back, as far as a node can be reached.
  ~curator_lease();
  curator_lease(const curator_lease&) = delete;
  curator_lease& operator=(const curator_lease&) = delete;

  /// ok: it is ours. `conflict` when another holds it; anything else when no majority could be asked.
  status take();
  /// Whether it is still ours by what a majority holds now; makes it last longer when half of it is over.
  bool hold();
  void give_back();

 private:
  struct content {
    std::string owner;
    std::int64_t until_ms = 0;
  };
  result<content> read();
  status write(std::int64_t until_ms);

  net::client& client_;
  const std::string owner_;
  const wall_clock now_ms_;
  bool held_ = false;
};

}  // namespace quorate::cli
