// What a peer may say. Every number, name, origin and size of its frames and answers is held against what can be,
// before anything is done with it: no peer is believed because of who it is.
//
// Pure functions over messages and what this node knows; any thread. A broken rule is errc::malformed with what was
// wrong; the stream ends then, and nothing of the message was used. What depends on the state of a log (gaps, forks,
// stamps ahead of the clock) is judged by the writer, what depends on a stream by core/link.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "actors/core/log_vector.hpp"
#include "proto/record.hpp"

namespace quorate::v1 {
class Configuration;
class Hello;
class Knock;
class LogPosition;
class PeerAnswer;
class PeerFrame;
class Welcome;
}  // namespace quorate::v1

namespace google::protobuf {
template <class Element>
class RepeatedPtrField;
}

namespace quorate::core {

/// What a node knows that a peer's words can be held against.
struct known_facts {
  /// Who may have written a log: members, and foreign ones this node holds logs of or has been told of.
  std::shared_ptr<const std::set<node_id>> origins;
  log_position published;       ///< the last entry of this node's live log that has left the writer
  std::int64_t wall_ms = 0;     ///< Unix milliseconds
  std::uint64_t heartbeat = 0;  ///< the number of the last one sent on the stream
  /// The highest name of a disk that this node remembers, its own among them. One that takes the place of such a disk
  /// is named just above it, whatever the clocks show by then.
  std::uint64_t newest_disk = 0;
};

/// First frame and answer: sizes only; who it is decides the gate.
status check(const v1::Knock& knock);
status check_nonce(std::string_view nonce);
/// Sizes, and the name of its disk.
status check(const v1::Hello& hello, const known_facts& known);
status check(const v1::Welcome& welcome, const known_facts& known);

/// On an open stream. Entries are checked one by one, as they are decoded.
status check(const v1::PeerFrame& frame);
status check(const v1::PeerAnswer& answer, const known_facts& known);

/// What a frame says of all its entries together. Damage on the way would make a log another one for good.
std::uint64_t hash_of_entries(const v1::PeerFrame& frame);

/// A place in a log that somebody names.
status check(const log_position& position, const known_facts& known);

/// Of a decoded entry: its log and its place.
status check(const entry& e, const known_facts& known);

/// The position in this node's live log that a vector names, although the node never wrote so far: an honest peer says
/// so when the log is another one there, under the same name. Nothing where it does not, or says what cannot be.
std::optional<log_position> claimed_of_live(const google::protobuf::RepeatedPtrField<v1::LogPosition>& vector,
                                            const known_facts& known);

/// Positions of a checked message.
std::vector<hashed_position> positions_of(const google::protobuf::RepeatedPtrField<v1::LogPosition>& in);
void fill(const std::vector<hashed_position>& positions, google::protobuf::RepeatedPtrField<v1::LogPosition>* out);

}  // namespace quorate::core
