// A peer made by hand: opens a stream to a node and sends it whatever a test says, honest or not.
//
// One test thread sends; answers arrive from the node's threads.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/node_api.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate::testing {

class hand_made_peer {
 public:
  /// One of the members "a", "b", "c", or somebody who thinks so.
  explicit hand_made_peer(std::string name, std::uint64_t instance = 1);

  /// What it says of itself on the way in, honest until a test changes it.
  struct greeting {
    v1::Knock knock;
    v1::Hello hello;
    std::string key;                   ///< it has; empty = none
    bool local = true;                 ///< where it calls from
    std::optional<std::string> proof;  ///< instead of the right one
  };
  greeting hello_to(const std::string& node) const;
  /// What came of it: "ok" once it was welcomed, or the name of the error.
  std::string open(net::node_api& node, const greeting& words);
  /// Of the last one that was opened: what it was challenged with, and welcomed by.
  const v1::Challenge& challenge() const { return challenge_; }
  v1::Welcome welcome() const;
  /// A frame as it is.
  void send(v1::PeerFrame frame);
  void send(const std::vector<entry>& entries);
  void heartbeat();
  /// Asks which version of the key the node holds.
  void ask(std::uint64_t number, const std::string& key);
  /// Wants the node to hold this, as a read would.
  void write_back(std::uint64_t number, version stamp, const std::string& key, const std::string& value);
  /// From now on it lets its answers wait, and the next one is one too many.
  void stop_reading();
  void close();

  /// An entry of this peer's log that puts one value, without the hash of the one before it.
  entry put(sequence_number sequence, std::uint64_t time, const std::string& key, const std::string& value) const;

  std::vector<v1::LogAck> acks() const;
  std::vector<v1::LogRefusal> refusals() const;
  std::vector<v1::Finding> findings() const;
  std::size_t echoes() const;
  /// The reason the node ended the stream with; none while it is open.
  std::optional<status> closed() const;

  log_id log;
  bool complete = true;  ///< what its frames say of its disk

 private:
  struct heard;
  class ear;

  const std::string name_;
  const std::uint64_t instance_;
  std::shared_ptr<heard> heard_;
  std::shared_ptr<net::inbound_link> link_;
  v1::Challenge challenge_;
};

}  // namespace quorate::testing
