// Every message between the actors of a node, a sentence each. They never leave the process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>

#include "actors/core/link.hpp"
#include "actors/core/quorum.hpp"
#include "net/node_api.hpp"
#include "proto/record.hpp"
#include "storage/store.hpp"

namespace quorate::v1 {
class PeerAnswer;
}

namespace quorate::message {

/// To the writer: something is in the inbox. To a link: the store is open.
struct wake {};

/// An actor's own timer.
struct tick {};

/// To any actor, from an operator's drill: throw.
struct crash {};

/// To fanout, before anybody else hears of these writes: count their copies and answer them.
struct begun {
  struct write {
    net::write_ticket ticket;
    sequence_number sequence = 0;
    version stamp;
    std::uint32_t copies_needed = 0;
    bool any_verdict = false;
  };
  log_id log;
  std::vector<write> writes;
};
using begun_ptr = std::shared_ptr<begun>;

/// To fanout: this member has entries first ... last of the log on disk; those listed were not the newest there.
struct acked {
  unsigned member = 0;
  log_id log;
  sequence_number first = 0;
  sequence_number last = 0;
  std::vector<core::superseded_entry> superseded;
};

/// To fanout: this member said in its vector that it has the log up to here.
struct held {
  unsigned member = 0;
  log_position upto;
};

/// A write that found nothing to change.
struct unchanged_write {
  net::write_ticket ticket;
  /// What it looked at, as it is on this node's disk once the group is; nothing for what was never written.
  std::vector<std::pair<record_key, std::optional<stored_record>>> found;
  std::uint32_t copies_needed = 0;
};

/// To fanout, before the group is on disk: writes of it that make no entry. They found nothing to change, or something
/// that is in their way, and what they saw of the group may not stay: they are answered when it is settled, or by their
/// deadlines.
struct entryless {
  std::vector<unchanged_write> unchanged;
  std::vector<std::pair<net::write_ticket, net::write_answer>> refused;
  bool empty() const { return unchanged.empty() && refused.empty(); }
};
using entryless_ptr = std::shared_ptr<entryless>;

/// To fanout: what these saw is on disk.
struct settled {
  entryless_ptr writes;
};

/// To every link: new entries of the live log, at the same time as they go to the disk.
struct published {
  std::shared_ptr<const std::vector<encoded_entry>> entries;
};

/// To the writer, from the reconciler: put this on disk and publish it.
struct remember {
  storage::member_disks disks;
};

/// To the writer: it was learned whose directory the cluster began with; put the list on disk.
struct settle_members {
  storage::member_list members;
};

/// To the writer, from a link: a peer holds other entries in this log of ours. If it is the live one, go on in a new
/// one.
struct forked {
  log_id log;
  std::size_t peer = 0;  ///< its index
};

/// To the inquirer: ask the members about the keys of these writes, then hand them to the writer.
struct inquire {
  std::vector<net::write_ticket> writes;
};
using inquire_ptr = std::shared_ptr<inquire>;

/// To the inquirer: these found nothing to change; answer them once as many members hold what they found as would hold
/// a write of theirs, or have them planned again when somebody holds something newer.
struct confirm {
  std::vector<unchanged_write> writes;
};
using confirm_ptr = std::shared_ptr<confirm>;

/// To the inquirer: answer this, given what this node's copy is.
struct read_value {
  net::read_ticket ticket;
  bool complete = false;  ///< whether this node counted before its copy was read
  std::optional<stored_record> own;
};
using read_value_ptr = std::shared_ptr<read_value>;

/// To every link, from the inquirer: ask your peer.
struct ask {
  struct question {
    std::uint64_t number = 0;
    record_key key;
    version known;                            ///< the value is wanted only of a higher one
    std::optional<stored_record> write_back;  ///< then it is no question: the peer is to hold this
  };
  std::shared_ptr<const std::vector<question>> questions;
  std::uint32_t members = 0;  ///< bits of those asked; a link is index + 1
};

/// To the inquirer: what this member holds on disk; only of members that count.
struct found {
  struct finding {
    std::uint64_t number = 0;
    version stamp;
    std::optional<stored_record> record;
    record_key key;  ///< of the record, where there is one
  };
  unsigned member = 0;
  std::vector<finding> findings;
};

/// To a link, from the reconciler: its peer lacks this log up to here and nobody else will send it.
struct relay {
  log_position upto;
};

/// To a link, from its stream: the peer answered.
struct stream_answer {
  std::uint64_t stream = 0;
  std::shared_ptr<v1::PeerAnswer> answer;
};

/// To a link, from its stream: the frame has left, and the link had said that it waits for that.
struct stream_sent {
  std::uint64_t stream = 0;
};

/// To a link, from its stream: it is over.
struct stream_closed {
  std::uint64_t stream = 0;
  status why;
};

/// To the log reader: read this for that link.
struct read_log {
  std::size_t link = 0;
  core::read_order order;
};

/// To a link, from the log reader: what it found.
struct log_chunk {
  log_id log;
  std::shared_ptr<std::vector<encoded_entry>> entries;
};

/// To the supervisor: start this child again.
struct restart {
  std::size_t child = 0;
};

}  // namespace quorate::message

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::wake)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::crash)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::begun_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::acked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::held)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::remember)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::settle_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::forked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::inquire_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::confirm_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::entryless_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::read_value_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::ask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::relay)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::stream_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::stream_sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::stream_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::read_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::log_chunk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(quorate::message::restart)
