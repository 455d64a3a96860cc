// quorate.v1.Memory over the node: checks and converts, hands writes and quorum reads to the node, answers
// other reads from its copy.
//
// Runs on gRPC's threads, which it never keeps: what reads the store runs on the pool for reads, what looks at all
// records or changes many on the pool for long calls, and what waits is parked. Every call is answered exactly once: by
// the `finish` of its write or read, by its pool, or at once.
#pragma once

#include "net/call_pool.hpp"
#include "net/node_api.hpp"
#include "quorate/v1/memory.grpc.pb.h"

namespace quorate::net {

class memory_service final : public v1::Memory::CallbackService {
 public:
  /// Both outlive it.
  memory_service(node_api& node, call_pools& pools)
      : node_(node), readers_(pools.reads), long_calls_(pools.long_calls) {}

  grpc::ServerUnaryReactor* Store(grpc::CallbackServerContext* call, const v1::StoreRequest* request,
                                  v1::StoreReply* reply) override;
  grpc::ServerUnaryReactor* StoreBatch(grpc::CallbackServerContext* call, const v1::StoreBatchRequest* request,
                                       v1::StoreBatchReply* reply) override;
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* call, const v1::GetRequest* request,
                                v1::GetReply* reply) override;
  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* call, const v1::ListRequest* request,
                                 v1::ListReply* reply) override;
  grpc::ServerUnaryReactor* Update(grpc::CallbackServerContext* call, const v1::UpdateRequest* request,
                                   v1::StoreReply* reply) override;
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* call, const v1::DeleteRequest* request,
                                   v1::DeleteReply* reply) override;

  // The calls of proto/memory_calls.def, in memory_recall.cpp, memory_curation.cpp, memory_governance.cpp.
#define QUORATE_MEMORY_CALL(method, kind)                                                                 \
  grpc::ServerUnaryReactor* method(grpc::CallbackServerContext* call, const v1::method##Request* request, \
                                   v1::method##Reply* reply) override;
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL

 private:
  node_api& node_;
  call_pool& readers_;
  call_pool& long_calls_;
};

}  // namespace quorate::net
