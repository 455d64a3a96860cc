#include "net/admin_service.hpp"

#include "net/status_map.hpp"

namespace quorate::net {
namespace {

grpc::ServerUnaryReactor* finish(grpc::CallbackServerContext* call, const grpc::Status& status) {
  auto* reactor = call->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

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

}  // namespace quorate::net
