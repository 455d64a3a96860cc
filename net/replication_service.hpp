// quorate.v1.Replication: the receiving end of peer streams. One reactor per stream; frames go up to the node's
// inbound_link, answers come down through an answer_sink and are merged while a write is under way. A peer that lets
// more of them wait than limits::answers_waiting_bytes_max loses the stream, and nothing is kept for it.
#pragma once

#include "net/node_api.hpp"
#include "quorate/v1/replication.grpc.pb.h"

namespace quorate::net {

class replication_service final : public v1::Replication::CallbackService {
 public:
  explicit replication_service(node_api& node) : node_(node) {}
  grpc::ServerBidiReactor<v1::PeerFrame, v1::PeerAnswer>* Link(grpc::CallbackServerContext* call) override;

 private:
  node_api& node_;
};

}  // namespace quorate::net
