// The way to another member: opens streams, hands answers back. gRPC in production, a simulated network in tests.
//
// Owned by the node; used by the peer_link actors. Nothing here blocks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proto/status.hpp"

namespace quorate::v1 {
class Knock;
class PeerAnswer;
class PeerFrame;
}  // namespace quorate::v1

namespace quorate::net {

/// What a stream tells its owner. Called from transport threads, one call at a time per stream, never after
/// `on_closed` (which comes exactly once, also when the stream never opened). The owner may act on the stream from
/// within, destroy it even: no lock of the transport may be held then.
class peer_stream_events {
 public:
  virtual ~peer_stream_events() = default;
  virtual void on_answer(v1::PeerAnswer&& answer) = 0;
  /// The frame handed to `send` has left; the next may follow.
  virtual void on_sent() = 0;
  virtual void on_closed(const status& why) = 0;
};

/// One stream to one peer. `send` at most once before each `on_sent` (the knock counts: `on_sent` follows it too).
/// Destroying it closes it; events may still arrive until `on_closed`, so the events object is shared.
class peer_stream {
 public:
  virtual ~peer_stream() = default;
  virtual void send(v1::PeerFrame&& frame) = 0;
  virtual void close() = 0;
};

class peer_transport {
 public:
  virtual ~peer_transport() = default;
  /// Starts to open a stream to `address` and sends `knock` first. Gives up after limits::connect_timeout_ms.
  virtual std::unique_ptr<peer_stream> open(const std::string& address, const v1::Knock& knock,
                                            std::shared_ptr<peer_stream_events> events) = 0;
};

}  // namespace quorate::net
