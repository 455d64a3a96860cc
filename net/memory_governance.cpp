// Who acts: the calls of governance.proto.
#include "net/memory_service.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

ServerUnaryReactor* memory_service::RegisterAgent(CallbackServerContext* call, const v1::RegisterAgentRequest*,
                                                  v1::RegisterAgentReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "RegisterAgent"});
}

ServerUnaryReactor* memory_service::ListAgents(CallbackServerContext* call, const v1::ListAgentsRequest*,
                                               v1::ListAgentsReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ListAgents"});
}

ServerUnaryReactor* memory_service::SetStandard(CallbackServerContext* call, const v1::SetStandardRequest*,
                                                v1::SetStandardReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "SetStandard"});
}

ServerUnaryReactor* memory_service::GetStandard(CallbackServerContext* call, const v1::GetStandardRequest*,
                                                v1::GetStandardReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "GetStandard"});
}

ServerUnaryReactor* memory_service::ClearStandard(CallbackServerContext* call, const v1::ClearStandardRequest*,
                                                  v1::ClearStandardReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ClearStandard"});
}

ServerUnaryReactor* memory_service::ListPending(CallbackServerContext* call, const v1::ListPendingRequest*,
                                                v1::ListPendingReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ListPending"});
}

ServerUnaryReactor* memory_service::ApprovePending(CallbackServerContext* call, const v1::ApprovePendingRequest*,
                                                   v1::ApprovePendingReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ApprovePending"});
}

ServerUnaryReactor* memory_service::RejectPending(CallbackServerContext* call, const v1::RejectPendingRequest*,
                                                  v1::RejectPendingReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "RejectPending"});
}

ServerUnaryReactor* memory_service::Notify(CallbackServerContext* call, const v1::NotifyRequest*, v1::NotifyReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Notify"});
}

ServerUnaryReactor* memory_service::Inbox(CallbackServerContext* call, const v1::InboxRequest*, v1::InboxReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Inbox"});
}

ServerUnaryReactor* memory_service::Subscribe(CallbackServerContext* call, const v1::SubscribeRequest*,
                                              v1::SubscribeReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Subscribe"});
}

ServerUnaryReactor* memory_service::Unsubscribe(CallbackServerContext* call, const v1::UnsubscribeRequest*,
                                                v1::UnsubscribeReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Unsubscribe"});
}

ServerUnaryReactor* memory_service::ListSubscriptions(CallbackServerContext* call, const v1::ListSubscriptionsRequest*,
                                                      v1::ListSubscriptionsReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ListSubscriptions"});
}

ServerUnaryReactor* memory_service::RecordDispatch(CallbackServerContext* call, const v1::RecordDispatchRequest*,
                                                   v1::RecordDispatchReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "RecordDispatch"});
}

}  // namespace quorate::net
