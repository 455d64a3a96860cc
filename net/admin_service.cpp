#include "net/admin_service.hpp"

#include "net/message_stream.hpp"
#include "net/status_map.hpp"

namespace quorate::net {
namespace {

grpc::ServerUnaryReactor* finish(grpc::CallbackServerContext* call, const grpc::Status& status) {
  auto* reactor = call->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

/// A snapshot, block by block.
class backup_source {
 public:
  explicit backup_source(std::unique_ptr<snapshot_reading> blocks) : blocks_(std::move(blocks)) {}

  result<bool> next(v1::BackupPiece* piece) {
    auto block = blocks_->next();
    if (!block) return block.error();
    if (block->empty()) return false;
    piece->set_bytes(std::move(*block));
    return true;
  }

 private:
  std::unique_ptr<snapshot_reading> blocks_;
};

}  // namespace

grpc::ServerUnaryReactor* admin_service::Status(grpc::CallbackServerContext* call, const v1::StatusRequest*,
                                                v1::StatusReply* reply) {
  node_.describe(reply);
  reply->set_version(QUORATE_VERSION);
  return finish(call, grpc::Status::OK);
}

grpc::ServerUnaryReactor* admin_service::Actors(grpc::CallbackServerContext* call, const v1::ActorsRequest*,
                                                v1::ActorsReply* reply) {
  node_.describe(reply);
  return finish(call, grpc::Status::OK);
}

grpc::ServerUnaryReactor* admin_service::Digest(grpc::CallbackServerContext* call, const v1::DigestRequest*,
                                                v1::DigestReply* reply) {
  return finish(call, to_grpc(node_.describe(reply)));
}

grpc::ServerUnaryReactor* admin_service::Drill(grpc::CallbackServerContext* call, const v1::DrillRequest* request,
                                               v1::DrillReply*) {
  return finish(call, to_grpc(node_.drill(*request)));
}

grpc::ServerWriteReactor<v1::BackupPiece>* admin_service::Backup(grpc::CallbackServerContext*,
                                                                 const v1::BackupRequest*) {
  auto blocks = node_.snapshot();
  if (!blocks) return new refused_stream<v1::BackupPiece>({errc::not_permitted, "this node's store cannot be copied"});
  return new message_stream<v1::BackupPiece, backup_source>(backup_source(std::move(blocks)));
}

}  // namespace quorate::net
