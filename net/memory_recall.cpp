// Finding records by their words: the calls of recall.proto.
#include "net/memory_service.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

ServerUnaryReactor* memory_service::Search(CallbackServerContext* call, const v1::SearchRequest*, v1::SearchReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Search"});
}

ServerUnaryReactor* memory_service::Recall(CallbackServerContext* call, const v1::RecallRequest*, v1::RecallReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Recall"});
}

}  // namespace quorate::net
