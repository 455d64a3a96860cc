// A stream to a node's port for peers, over which anything can be sent: bytes, not messages.
//
// Owned and used by one thread. No wait is longer than a second; a stream that takes nothing for so long counts as
// over.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace quorate::chaos {

class raw_peer {
 public:
  explicit raw_peer(const std::string& address);
  /// One of many over a connection that is there.
  explicit raw_peer(std::shared_ptr<grpc::Channel> channel);
  ~raw_peer();
  raw_peer(const raw_peer&) = delete;

  /// False: the stream is over.
  bool write(const std::string& frame);
  /// What was answered meanwhile, oldest first; waits for the first for at most `bound`.
  std::vector<std::string> answers(std::chrono::milliseconds bound);
  bool over() const { return over_; }
  /// Whether the node ended the stream, in so long: not merely that it takes nothing.
  bool ended(std::chrono::milliseconds bound);
  /// From now on what is answered stays with the other side: at most one more answer is taken in.
  void stop_reading() { reads_ = false; }

 private:
  /// Takes in what has happened; false when nothing did until then.
  bool pump(std::chrono::system_clock::time_point until);

  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer incoming_;
  grpc::Status end_;
  std::deque<std::string> answers_;
  bool writing_ = false;
  bool reads_ = true;
  bool over_ = false;
  bool ended_ = false;
};

}  // namespace quorate::chaos
