// What an attacker sends to a node's port for peers: messages of the peer protocol with anything in their fields.
//
// Made from the descriptions of the messages, so that a field that is added is attacked, too. What he has heard goes
// into what he says: numbers of logs, disks and positions that exist are the dangerous ones. A value of one thread;
// the same numbers drawn and the same answers heard give the same frames.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace quorate::chaos {

class forged_frames {
 public:
  /// `members`: the names of all. Records that are forged lie in this namespace.
  forged_frames(std::uint64_t seed, std::vector<std::string> members, std::string name_space);

  /// The frames a member of this name opens a stream to another with; as far as an outsider can know them.
  std::vector<std::string> opening(const std::string& from, const std::string& to);
  /// One of: a frame with anything in it, such a frame with bits flipped, entries of logs that exist, a heartbeat with
  /// impossible numbers, no message at all.
  std::string frame();
  /// A frame that a node sent to a member: others are made from it.
  void learn(const std::string& real);
  /// A real frame in which one thing or some bits are others; the opening of a stream while none was learned.
  std::string mutated();
  std::string mutated(const std::string& real);
  /// Any of the numbers and nonces in an answer may be used from now on.
  void hear(const std::string& answer);

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::uint64_t number();
  std::string text();
  std::string entry();
  void fill(google::protobuf::Message* message, int depth);
  void gather(const google::protobuf::Message& message);
  /// One field of it, at any depth, says something else; false when it has none.
  bool twist(google::protobuf::Message* message);

  std::mt19937_64 random_;
  const std::vector<std::string> members_;
  const std::string name_space_;
  std::vector<std::uint64_t> heard_;
  std::vector<std::string> nonces_;
  std::vector<std::string> real_;
};

/// The frame without what a node that has no key would rightly believe: a newer disk, a value to be held.
std::string without_the_possible(const std::string& frame);

}  // namespace quorate::chaos
