// quorate.v1.Transfer over the node: streams its rows at one instant, hands rows to import to the node as writes, looks
// single rows up in its copy.
//
// Runs on gRPC's threads and never blocks there beyond a read of the store; Fetch runs on the threads of a pool of its
// own. Every call is answered exactly once. An export holds an instant of the store; one whose caller takes nothing for
// `stream_patience_ms` lets go of it and ends.
#pragma once

#include "net/node_api.hpp"
#include "net/read_pool.hpp"
#include "proto/limits.hpp"
#include "quorate/v1/transfer.grpc.pb.h"

namespace quorate::net {

class transfer_service final : public v1::Transfer::CallbackService {
 public:
  explicit transfer_service(node_api& node, std::int64_t stream_patience_ms = limits::stream_patience_ms)
      : node_(node), stream_patience_ms_(stream_patience_ms) {}

  grpc::ServerWriteReactor<v1::ExportPiece>* Export(grpc::CallbackServerContext* call,
                                                    const v1::ExportRequest* request) override;
  grpc::ServerUnaryReactor* Import(grpc::CallbackServerContext* call, const v1::ImportRequest* request,
                                   v1::ImportReply* reply) override;
  grpc::ServerUnaryReactor* Fetch(grpc::CallbackServerContext* call, const v1::FetchRequest* request,
                                  v1::FetchReply* reply) override;

 private:
  node_api& node_;
  const std::int64_t stream_patience_ms_;
  read_pool readers_;  ///< last: it ends before what its reads use
};

}  // namespace quorate::net
