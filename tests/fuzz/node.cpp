#include "tests/fuzz/node.hpp"

#include <cstdlib>

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "net/grpc_process.hpp"
#include "net/grpc_server.hpp"
#include "net/grpc_transport.hpp"
#include "storage/memory_store.hpp"

namespace quorate::fuzz {

namespace {

struct served_node {
  std::unique_ptr<node> running;
  std::unique_ptr<net::grpc_server> server;
};

served_node* start() {
  net::tune_grpc_process();
  logging::start(logging::format::text, logging::level::off, "fuzz");
  node_options options;
  options.name = "fuzz";
  auto running = start_node(options, storage::make_memory_store(), net::make_grpc_transport(),
                            [](const status&) { std::abort(); });
  if (!running) std::abort();
  auto server = net::start_grpc_server((*running)->api(), "");
  if (!server) std::abort();
  return new served_node{std::move(*running), std::move(*server)};
}

}  // namespace

std::shared_ptr<grpc::Channel> node_channel() {
  static served_node* const node = start();
  return node->server->in_process_channel();
}

}  // namespace quorate::fuzz
