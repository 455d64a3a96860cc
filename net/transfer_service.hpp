// quorate.v1.Transfer over the node: streams its rows at one instant, hands rows to import to the node as writes, looks
// single rows up in its copy.
//
// Runs on gRPC's threads and never blocks there: what reads the store runs on the pool for reads. Every call is
// answered exactly once. An export holds an instant of the store; one whose caller takes nothing for
// `stream_patience_ms` lets go of it and ends.
#pragma once

#include "net/call_pool.hpp"
#include "net/node_api.hpp"
#include "proto/limits.hpp"
#include "quorate/v1/transfer.grpc.pb.h"

namespace quorate::net {

class transfer_service final : public v1::Transfer::CallbackService {
 public:
  /// `node` and `pools` outlive it.
  transfer_service(node_api& node, call_pools& pools, std::int64_t stream_patience_ms = limits::stream_patience_ms)
      : node_(node), readers_(pools.reads), stream_patience_ms_(stream_patience_ms) {}

  grpc::ServerWriteReactor<v1::ExportPiece>* Export(grpc::CallbackServerContext* call,
                                                    const v1::ExportRequest* request) override;
  grpc::ServerUnaryReactor* Import(grpc::CallbackServerContext* call, const v1::ImportRequest* request,
                                   v1::ImportReply* reply) override;
  grpc::ServerUnaryReactor* Fetch(grpc::CallbackServerContext* call, const v1::FetchRequest* request,
                                  v1::FetchReply* reply) override;

 private:
  node_api& node_;
  call_pool& readers_;
  const std::int64_t stream_patience_ms_;
};

}  // namespace quorate::net
