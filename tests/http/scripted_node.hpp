// A node made of scripts behind an in-process channel: says yes to everything with an empty answer unless told
// otherwise, and keeps what it was asked.
//
// Scripts are set before the calls they answer; they run on gRPC's threads.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "quorate/v1/admin.grpc.pb.h"
#include "quorate/v1/memory.grpc.pb.h"

namespace quorate::http_tests {

/// What a node says with these words.
grpc::Status write_failure(grpc::StatusCode code, v1::WriteFailure::Outcome outcome, const std::string& reason,
                           unsigned copies, unsigned copies_needed);
grpc::Status invalid_field(const std::string& field, const std::string& rule);
inline grpc::Status quorum_unreachable() {
  return write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::REJECTED, "quorum_unreachable", 1, 2);
}

class scripted_node final : public v1::Memory::Service, public v1::Admin::Service {
 public:
  scripted_node();
  ~scripted_node() override;
  std::shared_ptr<grpc::Channel> channel();

  /// How calls of this kind of request are answered from now on.
  template <class Request, class Reply>
  void on(std::function<grpc::Status(const Request&, Reply*)> script) {
    const std::lock_guard lock(mutex_);
    scripts_[Request::descriptor()->name()] = [script](const google::protobuf::Message& in,
                                                       google::protobuf::Message* out) {
      return script(static_cast<const Request&>(in), static_cast<Reply*>(out));
    };
  }
  /// The same with a fixed answer.
  template <class Request, class Reply>
  void answer_with(const Reply& reply) {
    on<Request, Reply>([reply](const Request&, Reply* out) {
      *out = reply;
      return grpc::Status::OK;
    });
  }
  /// Every call ends so, until called with nothing.
  void fail_with(std::optional<grpc::Status> status);

  /// The requests of a kind so far.
  template <class Request>
  std::vector<Request> asked() const {
    const std::lock_guard lock(mutex_);
    std::vector<Request> all;
    for (const auto& [name, bytes] : asked_)
      if (name == Request::descriptor()->name()) all.emplace_back().ParseFromString(bytes);
    return all;
  }

 private:
  grpc::Status run(const google::protobuf::Message& in, google::protobuf::Message* out);

#define QUORATE_SCRIPTED(method, request, reply) \
  grpc::Status method(grpc::ServerContext*, const v1::request* in, v1::reply* out) override { return run(*in, out); }
  QUORATE_SCRIPTED(Store, StoreRequest, StoreReply)
  QUORATE_SCRIPTED(StoreBatch, StoreBatchRequest, StoreBatchReply)
  QUORATE_SCRIPTED(Update, UpdateRequest, StoreReply)
  QUORATE_SCRIPTED(Delete, DeleteRequest, DeleteReply)
  QUORATE_SCRIPTED(Get, GetRequest, GetReply)
  QUORATE_SCRIPTED(List, ListRequest, ListReply)
  QUORATE_SCRIPTED(Status, StatusRequest, StatusReply)
#define QUORATE_MEMORY_CALL(method, kind) QUORATE_SCRIPTED(method, method##Request, method##Reply)
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL
#undef QUORATE_SCRIPTED

  mutable std::mutex mutex_;
  std::map<std::string, std::function<grpc::Status(const google::protobuf::Message&, google::protobuf::Message*)>>
      scripts_;
  std::optional<grpc::Status> failure_;
  std::vector<std::pair<std::string, std::string>> asked_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace quorate::http_tests
