#include "chaos/drill/raw_peer.hpp"

#include <grpcpp/support/byte_buffer.h>

#include <utility>

#include "chaos/node_client.hpp"

namespace quorate::chaos {
namespace {

constexpr auto method = "/quorate.v1.Replication/Link";
constexpr std::chrono::milliseconds patience(1'000);

enum tag : std::intptr_t { started = 1, wrote, read, finished };
void* of(tag what) { return reinterpret_cast<void*>(what); }

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const auto& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace

raw_peer::raw_peer(const std::string& address) : raw_peer(make_channel(address)) {}

raw_peer::raw_peer(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)), stub_(channel_) {
  stream_ = stub_.PrepareCall(&context_, method, &queue_);
  writing_ = true;
  stream_->StartCall(of(started));
  const auto until = std::chrono::system_clock::now() + patience;
  while (writing_ && !over_ && pump(until)) continue;
  over_ = over_ || writing_;
}

raw_peer::~raw_peer() {
  context_.TryCancel();
  stream_->Finish(&end_, of(finished));
  queue_.Shutdown();
  void* what = nullptr;
  bool ok = false;
  while (queue_.Next(&what, &ok)) continue;
}

bool raw_peer::pump(std::chrono::system_clock::time_point until) {
  void* what = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&what, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return false;
  over_ = over_ || !ok;
  ended_ = ended_ || !ok;
  if (what == of(read) && ok) answers_.push_back(bytes_of(incoming_));
  if (what != of(read)) writing_ = false;
  if (ok && reads_ && (what == of(started) || what == of(read))) stream_->Read(&incoming_, of(read));
  return true;
}

bool raw_peer::write(const std::string& frame) {
  if (over_) return false;
  const grpc::Slice slice(frame);
  writing_ = true;
  stream_->Write(grpc::ByteBuffer(&slice, 1), of(wrote));
  const auto until = std::chrono::system_clock::now() + patience;
  while (writing_ && pump(until)) continue;
  over_ = over_ || writing_;
  return !over_;
}

bool raw_peer::ended(std::chrono::milliseconds bound) {
  const auto until = std::chrono::system_clock::now() + bound;
  while (!ended_ && pump(until)) continue;
  return ended_;
}

std::vector<std::string> raw_peer::answers(std::chrono::milliseconds bound) {
  const auto until = std::chrono::system_clock::now() + bound;
  while (answers_.empty() && !over_ && pump(until)) continue;
  while (!over_ && pump(std::chrono::system_clock::now())) continue;
  const auto come = std::exchange(answers_, {});
  return {come.begin(), come.end()};
}

}  // namespace quorate::chaos
