// A simulated network between nodes: the transport that start_node is given.
//
// Streams keep the order of what they carry, as TCP does; different streams overtake each other. Each direction between
// two members has a latency of its own and can be cut: what is under way or sent then waits for the way to open again
// (a retransmission), unless the stream is reset first.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chaos/sim/world.hpp"
#include "net/node_api.hpp"
#include "net/peer_transport.hpp"

namespace google::protobuf {
class Message;
}

namespace quorate::sim {

struct direction_weather {
  std::int64_t latency_us = 150;
  std::int64_t jitter_us = 100;
  bool cut = false;
  std::uint64_t bytes_per_s = 0;   ///< what a stream sends beyond that waits its turn; 0 = no bound
  std::uint64_t lost_one_in = 0;   ///< a parcel in so many is sent again after 200 ms; 0 = none
  std::uint64_t twice_one_in = 0;  ///< a frame in so many arrives twice; 0 = none
};

class network {
 public:
  explicit network(world& w) : world_(w) {}

  /// What a node that is called `name` is started with. Its streams die with `down`.
  std::unique_ptr<net::peer_transport> transport(const std::string& name);
  void up(const std::string& name, net::node_api& api) { listeners_[name] = &api; }
  /// The process is gone: its streams are closed; the others learn of it, unless the host fell silent.
  void down(const std::string& name, bool silent);

  direction_weather& weather(const std::string& from, const std::string& to) { return weather_[{from, to}]; }
  /// What a direction is like when nothing is wrong with it.
  void set_calm(const std::string& from, const std::string& to, const direction_weather& calm) {
    calm_[{from, to}] = weather_[{from, to}] = calm;
  }
  void heal(const std::string& from, const std::string& to) { weather_[{from, to}] = calm_[{from, to}]; }
  /// After a change of weather: what waited may go on.
  void release();
  /// Breaks every stream between the two.
  void reset(const std::string& one, const std::string& other);

  std::uint64_t parcels = 0;
  /// A peer that lies: may change any frame, greeting or answer on its way. None: all are honest.
  std::function<void(const std::string& from, const std::string& to, google::protobuf::Message& frame)> on_the_way;

 private:
  class stream;
  class handle;
  class sink;
  class port;
  friend class stream;

  world& world_;
  std::map<std::string, net::node_api*> listeners_;
  std::map<std::pair<std::string, std::string>, direction_weather> weather_;
  std::map<std::pair<std::string, std::string>, direction_weather> calm_;
  std::vector<std::weak_ptr<stream>> streams_;
};

}  // namespace quorate::sim
