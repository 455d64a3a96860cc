// quorate.v1.Admin over the node.
//
// Owned by the server. Calls come on gRPC's threads, a backup's pieces are read on the pool for reads; a backup into
// the node's own directory gets a thread of its own, one at a time, which the end of the service waits for.
#pragma once

#include <mutex>
#include <thread>

#include "net/call_pool.hpp"
#include "net/node_api.hpp"
#include "quorate/v1/admin.grpc.pb.h"

namespace quorate::net {

class admin_service final : public v1::Admin::CallbackService {
 public:
  /// Both outlive it.
  admin_service(node_api& node, call_pools& pools) : node_(node), readers_(pools.reads) {}
  ~admin_service() override;

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
  grpc::ServerUnaryReactor* BackupInto(grpc::CallbackServerContext* call, const v1::BackupIntoRequest* request,
                                       v1::BackupIntoReply* reply) override;

 private:
  /// Makes the backup and answers the call; the thread of it.
  void back_up(grpc::ServerUnaryReactor* call, const v1::BackupIntoRequest* request, v1::BackupIntoReply* reply);

  node_api& node_;
  call_pool& readers_;

  std::mutex mutex_;
  bool backing_up_ = false;
  std::thread backup_;  ///< of the last call; once backing_up_ is false it only has to end
};

}  // namespace quorate::net
