// What a node can say about its taking writes: the facts for core/readiness.hpp, and the log lines.
#pragma once

#include <cstdint>
#include <string>

#include "actors/core/readiness.hpp"

namespace quorate {

struct node_context;

/// Any thread. `copies_needed` is that of a default write.
core::node_sight sight_of(const node_context& context);

/// Tells in the log that the node takes no writes, and that a peer seems to have moved, once that has lasted: a line
/// whenever the state or the members concerned change, and one when it takes writes again. Used by one actor.
class readiness_teller {
 public:
  void look(const node_context& context);

 private:
  /// What is so, in a word that is empty when there is nothing to tell.
  class lasting {
   public:
    bool is_news(const std::string& seen, std::int64_t now_us);

   private:
    std::string seen_;
    std::string told_;
    std::int64_t since_us_ = 0;
  };

  lasting writes_;
  lasting moved_;
  std::int64_t next_look_us_ = 0;
};

}  // namespace quorate
