// What becomes of records: the calls of curation.proto.
#include "net/memory_service.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

ServerUnaryReactor* memory_service::Promote(CallbackServerContext* call, const v1::PromoteRequest*, v1::PromoteReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Promote"});
}

ServerUnaryReactor* memory_service::Forget(CallbackServerContext* call, const v1::ForgetRequest*, v1::ForgetReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Forget"});
}

ServerUnaryReactor* memory_service::CollectExpired(CallbackServerContext* call, const v1::CollectExpiredRequest*,
                                                   v1::CollectExpiredReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "CollectExpired"});
}

ServerUnaryReactor* memory_service::Consolidate(CallbackServerContext* call, const v1::ConsolidateRequest*,
                                                v1::ConsolidateReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Consolidate"});
}

ServerUnaryReactor* memory_service::Resolve(CallbackServerContext* call, const v1::ResolveRequest*, v1::ResolveReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Resolve"});
}

ServerUnaryReactor* memory_service::Link(CallbackServerContext* call, const v1::LinkRequest*, v1::LinkReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Link"});
}

ServerUnaryReactor* memory_service::ListLinks(CallbackServerContext* call, const v1::ListLinksRequest*,
                                              v1::ListLinksReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ListLinks"});
}

ServerUnaryReactor* memory_service::ListArchive(CallbackServerContext* call, const v1::ListArchiveRequest*,
                                                v1::ListArchiveReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ListArchive"});
}

ServerUnaryReactor* memory_service::RestoreArchived(CallbackServerContext* call, const v1::RestoreArchivedRequest*,
                                                    v1::RestoreArchivedReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "RestoreArchived"});
}

ServerUnaryReactor* memory_service::PurgeArchive(CallbackServerContext* call, const v1::PurgeArchiveRequest*,
                                                 v1::PurgeArchiveReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "PurgeArchive"});
}

ServerUnaryReactor* memory_service::ArchiveStats(CallbackServerContext* call, const v1::ArchiveStatsRequest*,
                                                 v1::ArchiveStatsReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "ArchiveStats"});
}

ServerUnaryReactor* memory_service::Stats(CallbackServerContext* call, const v1::StatsRequest*, v1::StatsReply*) {
  return finish(call, {grpc::StatusCode::UNIMPLEMENTED, "Stats"});
}

}  // namespace quorate::net
