// How the Memory service hands a write to the node and answers its call: the terms, the deadline, the receipt.
//
// For the files of net/memory_service only. Runs on gRPC's threads; nothing here blocks.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "memory/operations.hpp"
#include "net/node_api.hpp"
#include "net/status_map.hpp"
#include "proto/limits.hpp"
#include "proto/session_token.hpp"

namespace quorate::net {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

inline ServerUnaryReactor* finish(CallbackServerContext* call, const grpc::Status& status) {
  auto* reactor = call->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

/// A value of an enum that this release does not know.
inline status unknown_value(const char* field, const char* type, int most, int got) {
  return status::invalid(field, std::string("must be a value of quorate.v1.") + type + " (0 to " + std::to_string(most)
                                    + "), got " + std::to_string(got));
}

inline result<write_quorum> quorum_of(v1::WriteQuorum quorum) {
  switch (quorum) {
    case v1::WRITE_QUORUM_DEFAULT: return write_quorum::by_default;
    case v1::WRITE_QUORUM_ONE: return write_quorum::one;
    case v1::WRITE_QUORUM_MAJORITY: return write_quorum::majority;
    case v1::WRITE_QUORUM_ALL: return write_quorum::all;
    default: break;
  }
  return unknown_value("write_quorum", "WriteQuorum", v1::WriteQuorum_MAX, quorum);
}

inline result<write_consistency> consistency_of(v1::WriteConsistency consistency) {
  switch (consistency) {
    case v1::WRITE_CONSISTENCY_DEFAULT: return write_consistency::by_default;
    case v1::WRITE_CONSISTENCY_LINEARIZABLE: return write_consistency::linearizable;
    default: break;
  }
  return unknown_value("consistency", "WriteConsistency", v1::WriteConsistency_MAX, consistency);
}

inline result<when_superseded> when_superseded_of(v1::OnSuperseded choice) {
  switch (choice) {
    case v1::ON_SUPERSEDED_RETRY: return when_superseded::retry;
    case v1::ON_SUPERSEDED_REPORT: return when_superseded::report;
    default: break;
  }
  return unknown_value("on_superseded", "OnSuperseded", v1::OnSuperseded_MAX, choice);
}

/// How a write is to be made, whatever it writes.
struct write_terms {
  write_quorum quorum = write_quorum::by_default;
  write_consistency consistency = write_consistency::by_default;
  when_superseded on_superseded = when_superseded::report;
  bool yields = false;  ///< as in write_request; no caller asks for it
};

/// All requests that write name their terms alike.
template <class Request>
result<write_terms> terms_of(const Request& request) {
  const auto quorum = quorum_of(request.write_quorum());
  if (!quorum) return quorum.error();
  const auto consistency = consistency_of(request.consistency());
  if (!consistency) return consistency.error();
  const auto on_superseded = when_superseded_of(request.on_superseded());
  if (!on_superseded) return on_superseded.error();
  // The next linearizable write asks a majority: one of those must have this one.
  if (*consistency == write_consistency::linearizable && *quorum == write_quorum::one)
    return status::invalid("write_quorum", "a linearizable write needs a majority at least");
  return write_terms{*quorum, *consistency, *on_superseded, false};
}

inline void apply(const write_terms& terms, write_request* request) {
  request->quorum = terms.quorum;
  request->consistency = terms.consistency;
  request->on_superseded = terms.on_superseded;
  request->yields = terms.yields;
}

/// When the answer must be out: the node's quorum timeout, or a little before the caller stops listening, so that it
/// gets our exact answer and not its own library's "deadline exceeded".
inline std::int64_t deadline_us(const CallbackServerContext& call, const node_api& node) {
  using namespace std::chrono;
  auto now = node.time().steady_us();
  auto own = now + node.quorum_timeout_us();
  auto given = call.deadline();
  if (given == system_clock::time_point::max()) return own;
  auto left = duration_cast<microseconds>(given - system_clock::now()).count();
  return std::min(own, now + left - std::min<std::int64_t>(left / 5, limits::deadline_margin_ms * 1000));
}

/// The newer requests name their terms together.
inline result<write_terms> terms_of(const v1::WriteTerms& terms) {
  struct view {
    const v1::WriteTerms& all;
    auto write_quorum() const { return all.quorum(); }
    auto consistency() const { return all.consistency(); }
    auto on_superseded() const { return all.on_superseded(); }
  };
  return terms_of(view{terms});
}

/// What every answer to a write says of it: StoreReply, DeleteReply, WriteReceipt.
template <class Message>
void fill_receipt(const write_answer& answer, Message* message) {
  fill(answer.stamp, message->mutable_version());
  message->set_copies_needed(answer.copies_needed);
  message->set_copies(answer.copies);
  message->set_retried(answer.retried);
  if (answer.position.sequence != 0) message->set_session(session_token(answer.position));
}

/// A write without its answer. `Change` says which keys it is about to change and what to do with them, like
/// `keys` and `plan` of a write_request but for a memory::planned_write, and how to fill the reply. Nothing is used up
/// by a plan, so that a write can be planned again; what `fill` needs to know of the last plan its change may keep.
template <class Change>
class planned_request : public write_request {
 public:
  explicit planned_request(Change change) : change_(std::move(change)) {}

  std::vector<record_key> keys(const record_reader& now) const final { return change_.keys(now); }

  result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) final {
    auto planned = change_.plan(now, stamp);
    if (!planned) return planned.error();
    planned_ = std::move(*planned);
    return std::move(planned_.mutations);
  }

 protected:
  const memory::planned_write& planned() const { return planned_; }
  const Change& change() const { return change_; }

 private:
  Change change_;
  memory::planned_write planned_;  ///< of the last plan, without its mutations
};

template <class Reply, class Change>
class unary_write final : public planned_request<Change> {
 public:
  unary_write(ServerUnaryReactor* reactor, Reply* reply, Change change)
      : planned_request<Change>(std::move(change)), reactor_(reactor), reply_(reply) {}

  void finish(const write_answer& end) noexcept override {
    if (end.outcome.ok()) {
      this->change().fill(this->planned(), end, reply_);
      reactor_->Finish(grpc::Status::OK);
    } else {
      reactor_->Finish(to_grpc(end));
    }
  }

 private:
  ServerUnaryReactor* reactor_;
  Reply* reply_;
};

/// For a call that is not finished yet and whose deadline is known.
template <class Reply, class Change>
void write(node_api& node, ServerUnaryReactor* reactor, const write_terms& terms, std::int64_t deadline_us,
           std::size_t bytes, Reply* reply, Change change) {
  auto request = std::make_unique<unary_write<Reply, Change>>(reactor, reply, std::move(change));
  apply(terms, request.get());
  request->deadline_us = deadline_us;
  request->bytes = bytes;
  std::vector<write_ticket> tickets;
  tickets.emplace_back(std::move(request));
  node.submit(std::move(tickets));
}

template <class Reply, class Change>
ServerUnaryReactor* write(node_api& node, CallbackServerContext* call, const write_terms& terms, std::size_t bytes,
                          Reply* reply, Change change) {
  auto* reactor = call->DefaultReactor();
  write(node, reactor, terms, deadline_us(*call, node), bytes, reply, std::move(change));
  return reactor;
}

}  // namespace quorate::net
