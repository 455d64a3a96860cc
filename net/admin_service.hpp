// quorate.v1.Admin over the node.
#pragma once

#include "net/node_api.hpp"
#include "quorate/v1/admin.grpc.pb.h"

namespace quorate::net {

class admin_service final : public v1::Admin::CallbackService {
 public:
  explicit admin_service(node_api& node) : node_(node) {}

  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* call, const v1::StatusRequest*,
                                   v1::StatusReply* reply) override;
  grpc::ServerUnaryReactor* Actors(grpc::CallbackServerContext* call, const v1::ActorsRequest*,
                                   v1::ActorsReply* reply) override;
  grpc::ServerUnaryReactor* Digest(grpc::CallbackServerContext* call, const v1::DigestRequest*,
                                   v1::DigestReply* reply) override;
  grpc::ServerUnaryReactor* Drill(grpc::CallbackServerContext* call, const v1::DrillRequest* request,
                                  v1::DrillReply*) override;
  grpc::ServerWriteReactor<v1::BackupPiece>* Backup(grpc::CallbackServerContext* call,
                                                    const v1::BackupRequest*) override;

 private:
  node_api& node_;
};

}  // namespace quorate::net
