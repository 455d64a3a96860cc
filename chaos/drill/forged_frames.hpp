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
  /// Any of the numbers and nonces in an answer may be used from now on.
  void hear(const std::string& answer);
  /// Whether a node said that it wants a proof of the key; false, too, while none was heard.
  bool keyed() const { return keyed_; }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::uint64_t number();
  std::string text();
  std::string entry();
  void fill(google::protobuf::Message* message, int depth);
  void gather(const google::protobuf::Message& message);

  std::mt19937_64 random_;
  const std::vector<std::string> members_;
  const std::string name_space_;
  std::vector<std::uint64_t> heard_;
  std::vector<std::string> nonces_;
  bool keyed_ = false;
};

}  // namespace quorate::chaos
