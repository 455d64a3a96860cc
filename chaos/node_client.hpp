// A client of one node: its public gRPC services with a deadline on every call, and what drills ask of a node.
// Thread-safe.
//
// A channel of its own (no connection shared with other clients of the process) that tries a dead node again after a
// tenth of a second instead of minutes.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "proto/status.hpp"
#include "quorate/v1/admin.pb.h"
#include "quorate/v1/memory.pb.h"

namespace quorate::chaos {

/// What a client may conclude from the answer to a write.
enum class write_outcome : std::uint8_t { acknowledged, rejected, indeterminate, superseded };
std::string_view text_of(write_outcome outcome);

/// The detail of a failed call, when it carries one of that type.
std::optional<v1::WriteFailure> write_failure_of(const grpc::Status& answer);
std::optional<v1::InvalidField> invalid_field_of(const grpc::Status& answer);

/// By the typed detail when there is one. Without it, a code that gRPC itself may have made says nothing about the
/// write: indeterminate.
write_outcome outcome_of(const grpc::Status& answer);

/// "UNAVAILABLE: <message>".
std::string text_of(const grpc::Status& answer);

/// Live records of one node: id -> the record, serialised.
using node_contents = std::map<std::string, std::string>;

std::shared_ptr<grpc::Channel> make_channel(const std::string& address);

class node_client {
 public:
  explicit node_client(const std::string& address);
  ~node_client();

  const std::string& address() const { return address_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  grpc::Status store(const v1::StoreRequest& request, v1::StoreReply* reply, std::chrono::milliseconds deadline);
  grpc::Status store_batch(const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply,
                           std::chrono::milliseconds deadline);
  grpc::Status get(const v1::GetRequest& request, v1::GetReply* reply);
  grpc::Status list(const v1::ListRequest& request, v1::ListReply* reply);
  grpc::Status update(const v1::UpdateRequest& request, v1::StoreReply* reply);
  grpc::Status remove(const v1::DeleteRequest& request, v1::DeleteReply* reply, std::chrono::milliseconds deadline);

  grpc::Status node_status(v1::StatusReply* reply);
  grpc::Status actors(v1::ActorsReply* reply);
  grpc::Status digest(v1::DigestReply* reply);
  grpc::Status drill(const v1::DrillRequest& request);
  /// Whether grpc.health.v1 says SERVING for the whole server.
  bool serving();

  /// Pages through List to the end.
  result<node_contents> export_all();

 private:
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
  struct stubs;  ///< their headers are large, and many include this one
  std::unique_ptr<stubs> stubs_;
};

}  // namespace quorate::chaos
