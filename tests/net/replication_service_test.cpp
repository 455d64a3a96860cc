// The receiving end of peers' streams over real connections: what becomes of answers that nobody reads.
#include "net/replication_service.hpp"

#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "tests/net/fake_node_api.hpp"
#include "tests/support/eventually.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;
using quorate::testing::eventually;

namespace {

constexpr std::size_t answer_bytes = 64u << 10;
constexpr std::size_t answers_to_bound = limits::answers_waiting_bytes_max / answer_bytes;

/// Answers every frame with as much as one finding may hold, and keeps what the sink says of it.
class generous_link final : public inbound_link {
 public:
  explicit generous_link(std::shared_ptr<answer_sink> answers) : answers_(std::move(answers)) {}
  void on_frame(v1::PeerFrame&& frame) override {
    v1::PeerAnswer answer;
    answer.mutable_echo()->set_number(frame.heartbeat().number());
    answer.add_findings()->mutable_mutation()->set_value(std::string(answer_bytes, 'x'));
    const auto sent = answers_->send(std::move(answer));
    ++frames;
    if (sent) return;
    ++told;
    code = sent.code();
  }
  void on_closed() override { closed = true; }

  std::atomic<std::size_t> frames = 0;
  std::atomic<int> told = 0;
  std::atomic<errc> code = errc::ok;
  std::atomic<bool> closed = false;

 private:
  const std::shared_ptr<answer_sink> answers_;
};

/// A node that peers may open streams to, and a peer with a connection of its own for each of them.
struct served_peers {
  fake_node_api node;
  std::mutex mutex;
  std::vector<std::shared_ptr<generous_link>> links;
  std::unique_ptr<quorate::net::grpc_server> server;  // gRPC has one of that name

  served_peers() {
    node.on_accept = [this](const v1::Knock&, std::shared_ptr<answer_sink> answers) {
      const std::lock_guard lock(mutex);
      return links.emplace_back(std::make_shared<generous_link>(std::move(answers)));
    };
    auto started = start_grpc_server(node, "127.0.0.1:0");
    REQUIRE(started);
    server = std::move(*started);
  }
  ~served_peers() { server->stop(0); }

  struct stream {
    grpc::ClientContext context;
    std::unique_ptr<v1::Replication::Stub> stub;
    std::unique_ptr<grpc::ClientReaderWriter<v1::PeerFrame, v1::PeerAnswer>> call;
    std::uint64_t number = 0;

    bool send_heartbeat() {
      v1::PeerFrame frame;
      frame.mutable_heartbeat()->set_number(++number);
      return call->Write(frame);
    }
    bool answered() {
      v1::PeerAnswer answer;
      while (call->Read(&answer))
        if (answer.echo().number() == number) return true;
      return false;
    }
  };
  std::unique_ptr<stream> open() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto opened = std::make_unique<stream>();
    opened->stub = v1::Replication::NewStub(
        grpc::CreateCustomChannel(server->address(), grpc::InsecureChannelCredentials(), arguments));
    opened->call = opened->stub->Link(&opened->context);
    v1::PeerFrame frame;
    frame.mutable_knock();
    REQUIRE(opened->call->Write(frame));
    v1::PeerAnswer challenge;
    REQUIRE(opened->call->Read(&challenge));
    return opened;
  }
};

}  // namespace

TEST_SUITE("net.replication") {
  TEST_CASE("a peer that sends and never reads loses its stream at the bound, once, and another's goes on") {
    served_peers peers;
    const auto deaf = peers.open();
    const auto other = peers.open();
    const auto& to_deaf = *peers.links.at(0);
    const auto& to_other = *peers.links.at(1);
    // What is on its way to it, in the buffers of two connections' ends, comes before what waits: a quarter more.
    std::size_t sent = 0;
    while (sent < 4 * answers_to_bound && to_deaf.told == 0 && deaf->send_heartbeat()) {
      ++sent;
      if (sent % 32 != 0) continue;
      // A write is done when it is on its way.
      REQUIRE(eventually([&] { return to_deaf.frames >= sent || to_deaf.told > 0; }));
      CHECK(other->send_heartbeat());
      CHECK(other->answered());
    }
    CHECK_MESSAGE(sent < 4 * answers_to_bound, "it could send " << sent << " questions and was never sent away");
    CHECK(to_deaf.frames.load() > answers_to_bound);
    CHECK(to_deaf.told.load() == 1);
    CHECK((to_deaf.code.load() == errc::overloaded));
    // Gone at once, though it still reads nothing.
    CHECK(eventually([&] { return to_deaf.closed.load(); }));
    CHECK(other->send_heartbeat());
    CHECK(other->answered());
    CHECK(to_other.told == 0);
    CHECK_FALSE(to_other.closed);
    other->call->WritesDone();
    CHECK_FALSE(other->answered());
    CHECK(other->call->Finish().ok());
    deaf->context.TryCancel();
    CHECK_FALSE(deaf->call->Finish().ok());
  }
}
