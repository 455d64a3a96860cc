// inquirer: asks the members what they hold of a key: before a LINEARIZABLE write is stamped, and for QUORUM reads and
// writes that found nothing to change, which it also answers.
//
// One per node, cooperative (never blocks). State: a core::inquiry per key asked about. Questions and write-backs go
// out over the peer links and are repeated while they stay unanswered; both may arrive twice. Promises: each ticket it
// took is answered, or handed to the writer, no later than a tick after its deadline. If it dies, its tickets answer
// "unknown".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/inquiry.hpp"
#include "actors/messages.hpp"

namespace quorate {

struct inquirer_state {
  static inline const char* name = "quorate.inquirer";

  void start(node_context* node);
  void on_inquire(std::vector<net::write_ticket>& writes);
  void on_read(message::read_value& request);
  void on_confirm(message::confirm& order);
  void on_found(const message::found& m);
  void on_tick();

  bool idle() const { return rounds_.empty(); }

  node_context* context = nullptr;
  bool ticking = false;  ///< a tick is under way to it

 private:
  /// One key of a round.
  struct asked {
    asked(net::asked_key k, core::inquiry::purpose why, unsigned needed) : key(std::move(k)), machine(why, needed) {}
    net::asked_key key;
    core::inquiry machine;
    std::uint64_t question = 0;
    std::uint64_t write_back = 0;  ///< of the present round of confirming; 0 = none
    unsigned confirming = 0;       ///< that round
  };
  /// A write with all its keys, or a read.
  struct round {
    net::write_ticket write;
    std::uint32_t copies_needed = 0;  ///< of a write that changes nothing; 0: it is to be stamped
    net::read_ticket read;
    std::vector<asked> keys;
    std::int64_t deadline_us = 0;
    std::int64_t sent_us = 0;
    std::size_t bytes = 0;  ///< of values, of a write that changes nothing
  };

  /// The reason not to begin; ok when there is none.
  status admissible(std::int64_t deadline_us, std::size_t keys, bool complete, bool to_write, unsigned needed) const;
  /// A member holds something newer than what it found: it is planned again. Whether one does.
  bool plan_again(std::map<std::uint64_t, round>::iterator found);
  /// `own`: what this node holds of each key, for who is answered from it.
  void begin(round&& r, std::vector<core::holding> own);
  void ask(round& r);
  void ask_again(round& r);
  void settle(std::uint64_t number);
  /// Has those who are not known to hold the best version hold it.
  void write_back(const asked& one);
  /// Takes a round out of the tables.
  round end(std::map<std::uint64_t, round>::iterator found);
  void finish(round& r);
  static void refuse(round& r, const status& why);
  void send(std::vector<message::ask::question> questions, std::uint32_t members);

  std::map<std::uint64_t, round> rounds_;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::size_t>> numbers_;  ///< of questions: round, key in it
  std::uint64_t next_ = 0;
  std::size_t open_ = 0;        ///< keys of all rounds
  std::size_t held_bytes_ = 0;  ///< values of all rounds
};

caf::behavior inquirer_behavior(caf::stateful_actor<inquirer_state>* self, node_context* context);

}  // namespace quorate
