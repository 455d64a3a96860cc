#include "chaos/node_client.hpp"

#include <google/rpc/status.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include "health.grpc.pb.h"
#include "quorate/v1/admin.grpc.pb.h"
#include "quorate/v1/memory.grpc.pb.h"

namespace quorate::chaos {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds call_bound(5'000);
constexpr milliseconds health_bound(500);
constexpr unsigned pages_max = 1'000'000;

void set_deadline(grpc::ClientContext& context, milliseconds bound) {
  context.set_deadline(std::chrono::system_clock::now() + bound);
}

template <class Detail>
std::optional<Detail> detail_of(const grpc::Status& answer) {
  google::rpc::Status details;
  if (answer.error_details().empty() || !details.ParseFromString(answer.error_details())) return std::nullopt;
  for (const auto& any : details.details()) {
    Detail detail;
    if (any.Is<Detail>() && any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

std::string_view name_of_code(grpc::StatusCode code) {
  static constexpr std::string_view names[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  return code >= 0 && code < static_cast<int>(std::size(names)) ? names[code] : "?";
}

}  // namespace

std::string_view text_of(write_outcome outcome) {
  switch (outcome) {
    case write_outcome::acknowledged: return "acknowledged";
    case write_outcome::rejected: return "rejected";
    case write_outcome::indeterminate: return "indeterminate";
    case write_outcome::superseded: return "superseded";
  }
  return "?";
}

std::optional<v1::WriteFailure> write_failure_of(const grpc::Status& answer) {
  return detail_of<v1::WriteFailure>(answer);
}

std::optional<v1::InvalidField> invalid_field_of(const grpc::Status& answer) {
  return detail_of<v1::InvalidField>(answer);
}

write_outcome outcome_of(const grpc::Status& answer) {
  if (answer.ok()) return write_outcome::acknowledged;
  if (const auto failure = write_failure_of(answer)) {
    switch (failure->outcome()) {
      case v1::WriteFailure::REJECTED: return write_outcome::rejected;
      case v1::WriteFailure::SUPERSEDED: return write_outcome::superseded;
      default: return write_outcome::indeterminate;
    }
  }
  switch (answer.error_code()) {
    case grpc::INVALID_ARGUMENT:
    case grpc::NOT_FOUND:
    case grpc::ALREADY_EXISTS:
    case grpc::PERMISSION_DENIED:
    case grpc::FAILED_PRECONDITION:
    case grpc::UNIMPLEMENTED: return write_outcome::rejected;
    default: return write_outcome::indeterminate;
  }
}

std::string text_of(const grpc::Status& answer) {
  std::string text(name_of_code(answer.error_code()));
  if (!answer.error_message().empty()) text += ": " + answer.error_message();
  return text;
}

std::shared_ptr<grpc::Channel> make_channel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  // One attempt. A container's published port takes connections while nobody answers behind it yet.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetMaxReceiveMessageSize(16 << 20);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

struct node_client::stubs {
  v1::Memory::Stub memory;
  v1::Admin::Stub admin;
};

node_client::node_client(const std::string& address)
    : address_(address),
      channel_(make_channel(address)),
      stubs_(new stubs{v1::Memory::Stub(channel_), v1::Admin::Stub(channel_)}) {}

node_client::~node_client() = default;

grpc::Status node_client::store(const v1::StoreRequest& request, v1::StoreReply* reply, milliseconds deadline) {
  grpc::ClientContext context;
  set_deadline(context, deadline);
  return stubs_->memory.Store(&context, request, reply);
}

grpc::Status node_client::store_batch(const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply,
                                      milliseconds deadline) {
  grpc::ClientContext context;
  set_deadline(context, deadline);
  return stubs_->memory.StoreBatch(&context, request, reply);
}

grpc::Status node_client::get(const v1::GetRequest& request, v1::GetReply* reply) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  return stubs_->memory.Get(&context, request, reply);
}

grpc::Status node_client::list(const v1::ListRequest& request, v1::ListReply* reply) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  return stubs_->memory.List(&context, request, reply);
}

grpc::Status node_client::update(const v1::UpdateRequest& request, v1::StoreReply* reply) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  return stubs_->memory.Update(&context, request, reply);
}

grpc::Status node_client::remove(const v1::DeleteRequest& request, v1::DeleteReply* reply, milliseconds deadline) {
  grpc::ClientContext context;
  set_deadline(context, deadline);
  return stubs_->memory.Delete(&context, request, reply);
}

grpc::Status node_client::node_status(v1::StatusReply* reply) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  return stubs_->admin.Status(&context, {}, reply);
}

grpc::Status node_client::actors(v1::ActorsReply* reply) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  return stubs_->admin.Actors(&context, {}, reply);
}

grpc::Status node_client::digest(v1::DigestReply* reply) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  return stubs_->admin.Digest(&context, {}, reply);
}

grpc::Status node_client::drill(const v1::DrillRequest& request) {
  grpc::ClientContext context;
  set_deadline(context, call_bound);
  v1::DrillReply reply;
  return stubs_->admin.Drill(&context, request, &reply);
}

bool node_client::serving() {
  const auto health = grpc::health::v1::Health::NewStub(channel_);
  grpc::ClientContext context;
  set_deadline(context, health_bound);
  grpc::health::v1::HealthCheckResponse answer;
  return health->Check(&context, {}, &answer).ok() && answer.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

result<node_contents> node_client::export_all() {
  node_contents contents;
  v1::ListRequest request;
  request.set_limit(1'000);
  for (unsigned page = 0; page < pages_max; ++page) {
    v1::ListReply reply;
    if (const auto answer = list(request, &reply); !answer.ok())
      return status(errc::unavailable, "List on " + address_ + ": " + text_of(answer));
    for (const auto& record : reply.memories()) {
      if (!contents.emplace(record.id(), record.SerializeAsString()).second)
        return status(errc::internal, "List on " + address_ + " gave id " + record.id() + " twice");
    }
    if (reply.next_cursor().empty()) return contents;
    request.set_cursor(reply.next_cursor());
  }
  return status(errc::internal, "List on " + address_ + " does not end");
}

}  // namespace quorate::chaos
