#include "tests/cli/fake_node.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "cli/command_line.hpp"
#include "google/rpc/status.pb.h"

namespace quorate::cli::tests {
namespace {

template <class Detail>
grpc::Status with_detail(grpc::StatusCode code, const std::string& message, const Detail& detail) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(detail);
  return {code, message, details.SerializeAsString()};
}

std::string name_of(const v1::MemoryRecord& record) { return record.namespace_() + "/" + record.title(); }

}  // namespace

grpc::Status write_failure(grpc::StatusCode code, v1::WriteFailure::Outcome outcome, const std::string& reason,
                           unsigned copies, unsigned copies_needed) {
  v1::WriteFailure failure;
  failure.set_outcome(outcome);
  failure.set_reason(reason);
  failure.set_copies(copies);
  failure.set_copies_needed(copies_needed);
  return with_detail(code, "scripted " + reason, failure);
}

grpc::Status invalid_field(const std::string& field, const std::string& rule) {
  v1::InvalidField invalid;
  invalid.set_field(field);
  invalid.set_rule(rule);
  return with_detail(grpc::StatusCode::INVALID_ARGUMENT, field + ": " + rule, invalid);
}

fake_node::fake_node(const std::string& address) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(static_cast<v1::Memory::Service*>(this));
  builder.RegisterService(static_cast<v1::Transfer::Service*>(this));
  builder.RegisterService(static_cast<v1::Admin::Service*>(this));
  builder.SetMaxReceiveMessageSize(4 << 20);
  server_ = builder.BuildAndStart();
  if (!server_ || port == 0) throw std::runtime_error("no port for a fake node");
  address_ = "127.0.0.1:" + std::to_string(port);
}

fake_node::~fake_node() { stop(); }

void fake_node::stop() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

grpc::Status fake_node::Export(grpc::ServerContext*, const v1::ExportRequest* in,
                               grpc::ServerWriter<v1::ExportPiece>* out) {
  bool begun = in->cursor().empty();
  for (const auto& piece : pieces) {
    if (begun) out->Write(piece);
    begun = begun || piece.cursor() == in->cursor();
  }
  return begun ? grpc::Status() : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no such cursor");
}

int fake_node::calls(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(method);
  return found == calls_.end() ? 0 : found->second;
}

void accept_stores(fake_node& node) {
  node.on_store = [](const v1::StoreRequest& request, v1::StoreReply* reply) {
    reply->set_id("id-" + request.memory().title());
    reply->mutable_version()->set_time(7);
    reply->mutable_version()->set_node(0xabc);
    reply->set_copies(2);
    reply->set_copies_needed(2);
    reply->set_created(true);
    return grpc::Status::OK;
  };
}

grpc::Status batch_log::take(const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
  const std::lock_guard lock(mutex);
  auto& batch = batches.emplace_back();
  for (const auto& item : request.items()) {
    batch.push_back(item.memory());
    content[name_of(item.memory())] = item.memory().content();
    auto& stored = *reply->add_items()->mutable_stored();
    stored.set_id("id-" + item.memory().title());
    stored.set_copies(2);
    stored.set_copies_needed(2);
  }
  return grpc::Status::OK;
}

std::string dead_address() {
  // Bound and never listened on: nobody else gets the port, and nobody answers there.
  const int held = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(held, reinterpret_cast<sockaddr*>(&address), length) != 0
      || ::getsockname(held, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no dead address");
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

program_run run_program(std::vector<std::string> arguments, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out, err;
  program_run run;
  run.exit = run_command_line(std::move(arguments), {in, out, err, -1, 0, false}, {});
  run.out = out.str();
  run.err = err.str();
  return run;
}

program_run run_at(const fake_node& node, std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.end(), {"--endpoints", node.address()});
  return run_program(std::move(arguments), input);
}

std::vector<std::string> keys_of(const std::string& object) {
  std::vector<std::string> keys;
  const auto parsed = nlohmann::ordered_json::parse(object);
  for (const auto& [key, value] : parsed.items()) keys.push_back(key);
  return keys;
}

bool one_line(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

scratch_directory::scratch_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "quorate-cli-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch directory");
  path_ = pattern;
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string scratch_directory::write(const std::string& name, const std::string& text) const {
  std::ofstream(file(name), std::ios::binary) << text;
  return file(name);
}

std::string read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace quorate::cli::tests
