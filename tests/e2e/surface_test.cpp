#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

/// The server reflection answer to "list your services", as bytes: its messages are not packaged as headers.
std::string listed_services(chaos::node_client& node) {
  grpc::GenericStub stub(node.channel());
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + call_deadline);
  auto call = stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  const std::string list_services("\x3a\x00", 2);  // field 7, an empty string
  const grpc::Slice slice(list_services);
  if (ok) {
    call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
    queue.Next(&tag, &ok);
  }
  grpc::ByteBuffer reply;
  std::string text;
  if (ok) {
    call->Read(&reply, nullptr);
    queue.Next(&tag, &ok);
  }
  if (ok) {
    std::vector<grpc::Slice> slices;
    if (reply.Dump(&slices).ok()) {
      for (const auto& part : slices) text.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  grpc::Status end;
  call->Finish(&end, nullptr);
  queue.Next(&tag, &ok);
  return text;
}

constexpr auto python = "/usr/bin/python3";
constexpr auto protoc = "/usr/bin/protoc";
constexpr auto python_plugin = "/usr/bin/grpc_python_plugin";

constexpr auto python_client = R"(
import sys
import grpc
from quorate.v1 import memory_pb2, record_pb2, memory_pb2_grpc

def stub(endpoint):
    return memory_pb2_grpc.MemoryStub(grpc.insecure_channel(endpoint))

record = record_pb2.MemoryRecord(namespace="e2e", title="from python", content="stored by another language")
stored = stub(sys.argv[1]).Store(memory_pb2.StoreRequest(memory=record), timeout=5)
assert stored.copies >= 2, stored

name = record_pb2.RecordName(namespace="e2e", title="from python")
for attempt in range(200):
    try:
        read = stub(sys.argv[2]).Get(memory_pb2.GetRequest(name=name), timeout=5)
        break
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
assert read.memory.content == record.content, read
assert read.memory.id == stored.id, read

try:
    stub(sys.argv[1]).Store(memory_pb2.StoreRequest(memory=record_pb2.MemoryRecord(title="x")), timeout=5)
    raise SystemExit("a record without content was taken")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
print("done")
)";

struct run_result {
  int exit_code = -1;
  std::string output;
};

run_result run(std::vector<std::string> arguments, std::vector<std::string> environment, const std::string& output) {
  auto child = chaos::process::start({std::move(arguments), std::move(environment), output});
  run_result ran;
  if (!child) {
    ran.output = child.error().message();
    return ran;
  }
  const auto end = child->wait(milliseconds(60'000));
  if (end) ran.exit_code = end->exit_code;
  std::ifstream file(output);
  ran.output.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return ran;
}

}  // namespace

TEST_SUITE("e2e.surface") {
  TEST_CASE("health and reflection answer") {
    running_cluster cluster;
    for (const auto& name : cluster->names()) {
      CHECK(cluster->client(name).serving());
      const auto services = listed_services(cluster->client(name));
      for (const auto* service : {"quorate.v1.Memory", "quorate.v1.Transfer", "quorate.v1.Admin",
                                  "quorate.v1.Replication", "grpc.health.v1.Health"})
        CHECK_MESSAGE(services.find(service) != std::string::npos, service);
    }
  }

  TEST_CASE("a Python client with stubs made from proto/ stores on one node and reads on another") {
    auto scratch = chaos::scratch_directory::make();
    REQUIRE(scratch.ok());
    const auto& directory = scratch->path();
    const bool installed = run({python, "-c", "import grpc, google.protobuf"}, {}, directory + "/probe").exit_code == 0
                           && std::filesystem::exists(protoc) && std::filesystem::exists(python_plugin);
    if (!installed) {
      REQUIRE_MESSAGE(std::getenv("CI") == nullptr, "python3-grpcio and protobuf-compiler-grpc are not installed");
      std::cout << "  SKIPPED: python3-grpcio and protobuf-compiler-grpc are not installed\n";
      return;
    }
    // The protoc inside Debian's python3-grpc-tools is too old for `optional` in proto3.
    const auto made = run({protoc, std::string("--plugin=protoc-gen-grpc_python=") + python_plugin, "-I",
                           QUORATE_PROTO_DIRECTORY, "--python_out=" + directory, "--grpc_python_out=" + directory,
                           "quorate/v1/entry.proto", "quorate/v1/record.proto", "quorate/v1/recall.proto",
                           "quorate/v1/curation.proto", "quorate/v1/governance.proto", "quorate/v1/memory.proto"},
                          {}, directory + "/protoc");
    REQUIRE_MESSAGE(made.exit_code == 0, made.output);
    std::ofstream(directory + "/client.py") << python_client;

    running_cluster cluster;
    const auto ran = run({python, directory + "/client.py", cluster->address("a"), cluster->address("c")},
                         {"PYTHONPATH=" + directory}, directory + "/output");
    CHECK_MESSAGE(ran.exit_code == 0, ran.output);
    CHECK(content_on(cluster->client("a"), "from python") == "stored by another language");
    cluster.require_equal({"a", "b", "c"});
  }
}

}  // namespace quorate::e2e
