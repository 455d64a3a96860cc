// A peer that lies, or a way that damages: in a share of the frames of one direction one number is one that cannot be,
// or an entry has another bit. What is impossible must be found before it is used; runs stay as they should be.
//
// Owned by a run; asked by the network. Which field, and what it becomes, is chance: it goes by what the messages have,
// so that a new field is lied about like the others.
#pragma once

#include <cstdint>
#include <string>

#include "chaos/sim/world.hpp"

namespace google::protobuf {
class Message;
}

namespace quorate::sim {

class liar {
 public:
  /// One frame in `one_in` of those from the one to the other.
  liar(world& w, std::string from, std::string to, std::uint64_t one_in)
      : world_(w), from_(std::move(from)), to_(std::move(to)), one_in_(one_in) {}

  void twist(const std::string& from, const std::string& to, google::protobuf::Message& frame);
  std::uint64_t lies() const { return lies_; }

 private:
  bool lie_in(google::protobuf::Message& message);

  world& world_;
  const std::string from_;
  const std::string to_;
  const std::uint64_t one_in_;
  std::uint64_t lies_ = 0;
};

}  // namespace quorate::sim
