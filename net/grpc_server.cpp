#include "net/grpc_server.hpp"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>

#include "net/admin_service.hpp"
#include "net/call_pool.hpp"
#include "net/memory_service.hpp"
#include "net/replication_service.hpp"
#include "net/transfer_service.hpp"
#include "proto/limits.hpp"

namespace quorate::net {
namespace {

class running_server final : public grpc_server {
 public:
  explicit running_server(node_api& node)
      : memory_(node, pools_), transfer_(node, pools_), admin_(node, pools_), replication_(node) {}
  ~running_server() override { stop(0); }

  status start(const std::string& listen) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    int port = 0;
    if (!listen.empty()) builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
    // Two servers on one port would each get half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 4096);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 10);
    builder.SetMaxReceiveMessageSize(static_cast<int>(limits::client_message_bytes_max));
    builder.RegisterService(&memory_);
    builder.RegisterService(&transfer_);
    builder.RegisterService(&admin_);
    builder.RegisterService(&replication_);
    server_ = builder.BuildAndStart();
    if (!server_ || (!listen.empty() && port == 0)) {
      server_.reset();
      return status::invalid(
          "--listen", "cannot listen on '" + listen + "': the port is taken or the address is not of this machine");
    }
    if (!listen.empty()) address_ = listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
    set_serving(true);
    return {};
  }

  const std::string& address() const override { return address_; }

  std::shared_ptr<grpc::Channel> in_process_channel() override {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::client_message_bytes_max));
    return server_->InProcessChannel(arguments);
  }

  void set_serving(bool serving) override {
    auto* health = server_->GetHealthCheckService();
    health->SetServingStatus(serving);
    for (const auto* name : {"quorate.v1.Memory", "quorate.v1.Transfer", "quorate.v1.Admin", "quorate.v1.Replication"})
      health->SetServingStatus(name, serving);
  }

  void stop(std::int64_t grace_ms) override {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
    server_->Wait();
    server_.reset();
  }

 private:
  call_pools pools_;  ///< first: calls end before what they run on
  memory_service memory_;
  transfer_service transfer_;
  admin_service admin_;
  replication_service replication_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

result<std::unique_ptr<grpc_server>> start_grpc_server(node_api& node, const std::string& listen) {
  auto server = std::make_unique<running_server>(node);
  if (auto started = server->start(listen); !started) return started;
  return std::unique_ptr<grpc_server>(std::move(server));
}

}  // namespace quorate::net
