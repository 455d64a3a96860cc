#include "tests/http/scripted_node.hpp"

#include "google/rpc/status.pb.h"

namespace quorate::http_tests {
namespace {

template <class Detail>
grpc::Status with_detail(grpc::StatusCode code, const std::string& message, const Detail& detail) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(detail);
  return {code, message, details.SerializeAsString()};
}

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

scripted_node::scripted_node() {
  on<v1::StoreBatchRequest, v1::StoreBatchReply>([](const v1::StoreBatchRequest& in, v1::StoreBatchReply* out) {
    for (int i = 0; i < in.items_size(); ++i) out->add_items()->mutable_stored()->set_id(std::to_string(i));
    return grpc::Status::OK;
  });
  on<v1::StatusRequest, v1::StatusReply>([](const v1::StatusRequest&, v1::StatusReply* out) {
    out->set_state("serving");
    out->set_takes_writes(true);
    out->set_complete(true);
    return grpc::Status::OK;
  });
  grpc::ServerBuilder builder;
  builder.RegisterService(static_cast<v1::Memory::Service*>(this));
  builder.RegisterService(static_cast<v1::Admin::Service*>(this));
  server_ = builder.BuildAndStart();
}

scripted_node::~scripted_node() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::shared_ptr<grpc::Channel> scripted_node::channel() { return server_->InProcessChannel({}); }

void scripted_node::fail_with(std::optional<grpc::Status> status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
}

grpc::Status scripted_node::run(const google::protobuf::Message& in, google::protobuf::Message* out) {
  std::function<grpc::Status(const google::protobuf::Message&, google::protobuf::Message*)> script;
  {
    const std::lock_guard lock(mutex_);
    asked_.emplace_back(in.GetDescriptor()->name(), in.SerializeAsString());
    if (failure_) return *failure_;
    const auto found = scripts_.find(in.GetDescriptor()->name());
    if (found == scripts_.end()) return grpc::Status::OK;
    script = found->second;
  }
  return script(in, out);
}

}  // namespace quorate::http_tests
