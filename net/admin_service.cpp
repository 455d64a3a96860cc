#include "net/admin_service.hpp"

#include <exception>
#include <string>
#include <system_error>

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
  return new message_stream<v1::BackupPiece, backup_source>(backup_source(std::move(blocks)), readers_);
}

admin_service::~admin_service() {
  if (backup_.joinable()) backup_.join();
}

grpc::ServerUnaryReactor* admin_service::BackupInto(grpc::CallbackServerContext* call,
                                                    const v1::BackupIntoRequest* request, v1::BackupIntoReply* reply) {
  const std::lock_guard lock(mutex_);
  if (backing_up_)
    return finish(call, to_grpc(status(errc::overloaded, "a backup is being made; try again when it is done")));
  if (backup_.joinable()) backup_.join();
  auto* reactor = call->DefaultReactor();
  try {
    backup_ = std::thread([this, reactor, request, reply] { back_up(reactor, request, reply); });
    backing_up_ = true;
  } catch (const std::system_error& error) {
    reactor->Finish(to_grpc(status(errc::overloaded, std::string("no thread for a backup: ") + error.what())));
  }
  return reactor;
}

void admin_service::back_up(grpc::ServerUnaryReactor* call, const v1::BackupIntoRequest* request,
                            v1::BackupIntoReply* reply) {
  status end;
  try {
    end = node_.back_up(*request, reply);
  } catch (const std::exception& error) {
    end = status(errc::internal, error.what());
  }
  {
    const std::lock_guard lock(mutex_);
    backing_up_ = false;
  }
  call->Finish(to_grpc(end));
}

}  // namespace quorate::net
