// Nodes on loopback whose connections to each other pass through us: for machines where namespaces are not permitted.
//
// Every ordered pair of nodes has a port of its own here; a connection to it goes on to the node it stands for. What
// flows from one node to the other, on connections of either, is what the faults of that direction act on. They act on
// bytes of streams, which are never lost or reordered, only late: a cut keeps them until `heal`, and so the end of a
// stream. A connection through a cut pair is accepted, and opened to the other side when both directions flow.
//
// One thread relays all; the calls come from one other thread. Buffers are bounded: a sender whose bytes are kept meets
// a full socket, as it would with a real network. The destructor ends the thread and closes everything.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "chaos/drill/network.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {

class relay_network : public network {
 public:
  /// Takes free ports for the nodes; somebody else may get one before the node starts, then make another network.
  static result<std::unique_ptr<relay_network>> make(const std::vector<std::string>& nodes);
  ~relay_network() override;

  std::string kind() const override { return "relay"; }
  std::string cannot_lose() const override { return "loss is emulated by delay: the relay knows bytes, not packets"; }
  std::string listen_address(const std::string& node) const override;
  std::string peer_address(const std::string& from, const std::string& to) const override;
  int namespace_of(const std::string&) const override { return -1; }

  status cut(const std::string& from, const std::string& to) override;
  /// A piece is late by 200 ms with this probability, by 600 ms with its square, and so on: what a stream sees of TCP's
  /// retransmissions.
  status lose(double share) override;
  status limit(const std::string& one, const std::string& other, std::uint64_t bits_per_second) override;
  status heal() override;
  /// Pieces that were kept or late, and connections that were not opened at once.
  result<std::uint64_t> bitten() override;

 private:
  using time = steady_clock::time_point;
  using pair = std::pair<std::string, std::string>;  ///< from, to

  /// From one node to another: the faults, for all connections.
  struct direction {
    bool cut = false;
    double bytes_per_second = 0;  ///< 0: no limit
    double tokens = 0;            ///< bytes that may pass now
    time refilled{};
  };
  struct piece {
    std::vector<char> bytes;
    std::size_t sent = 0;
    time due{};            ///< not before, because it was "lost"
    bool counted = false;  ///< in bitten_
  };
  /// One of the two streams of a connection.
  struct stream {
    direction* faults = nullptr;
    std::deque<piece> pieces;
    std::size_t kept = 0;  ///< bytes in pieces
    bool source_ended = false;
    bool end_told = false;  ///< to the destination
    bool blocked = false;   ///< the destination's socket is full
  };
  struct connection {
    pair ends;
    std::array<int, 2> sockets{-1, -1};  ///< of the side that opened it, of the other one; -1: not open, or broken
    std::array<stream, 2> streams;       ///< from the first side to the second, and back
    enum class phase { waiting, connecting, open, closed } phase = phase::waiting;
    bool counted = false;
  };
  struct listener {
    pair ends;
    int socket = -1;
    std::uint16_t port = 0;
  };

  relay_network() = default;
  status check_pair(const std::string& one, const std::string& other) const;
  void wake() const;

  void run();
  void accept_from(const listener& from);
  void open_onwards(connection& one);
  void finish_opening(connection& one);
  void read_from(connection& one, std::size_t side);
  /// Sends what may be sent now; the time when more may, if that is a matter of time.
  void send_on(connection& one, std::size_t from, time now, time* next);
  /// Bytes of the piece that may pass now; 0 and `next` if none.
  std::size_t allowed(stream& flow, piece& head, time now, time* next);
  void count(bool* counted);
  static void close_side(connection& one, std::size_t side);
  static void close_both(connection& one);
  bool wants_to_read(const connection& one, std::size_t side) const;

  std::map<std::string, std::uint16_t> ports_;  ///< of the nodes
  std::vector<listener> listeners_;
  int wake_fd_ = -1;
  std::thread thread_;

  mutable std::mutex mutex_;  ///< over all that follows
  bool stopping_ = false;
  std::map<pair, direction> directions_;
  double lost_share_ = 0;
  std::uint64_t bitten_ = 0;
  std::list<connection> connections_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace quorate::chaos
