// Who acts, and what a namespace asks of them: agents, standards, approvals (governance.proto). Messages and
// subscriptions are in memory_messages.cpp.
#include "memory/agents.hpp"
#include "memory/pending.hpp"
#include "memory/standards.hpp"
#include "memory/stored_value.hpp"
#include "memory/validation.hpp"
#include "net/memory_service.hpp"
#include "net/session_wait.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

// What a call changes: which keys, and what to do with them.

struct agent_change {
  v1::RegisterAgentRequest request;
  std::int64_t now_ms = 0;
  v1::Agent agent;
  std::vector<record_key> keys(const record_reader&) const { return {memory::agent_key(request.agent_id())}; }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) {
    auto planned = memory::plan_register_agent(now, request, stamp, now_ms);
    if (!planned) return planned.error();
    agent = std::move(planned->agent);
    return std::move(planned->write);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::RegisterAgentReply* reply) const {
    reply->set_id(planned.id);
    *reply->mutable_agent() = agent;
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct standard_change {
  v1::SetStandardRequest request;
  std::int64_t now_ms = 0;
  v1::Standard standard;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of_set_standard(now, request); }
  result<memory::planned_write> plan(const record_reader& now, const version&) {
    auto planned = memory::plan_set_standard(now, request, now_ms);
    if (!planned) return planned.error();
    standard = std::move(planned->standard);
    return std::move(planned->write);
  }
  void fill(const memory::planned_write&, const write_answer& end, v1::SetStandardReply* reply) const {
    *reply->mutable_standard() = standard;
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct standard_removal {
  std::string name_space;
  bool cleared = false;
  std::vector<record_key> keys(const record_reader&) const { return {memory::standard_key(name_space)}; }
  result<memory::planned_write> plan(const record_reader& now, const version&) {
    auto planned = memory::plan_clear_standard(now, name_space);
    cleared = planned && !planned->mutations.empty();
    return planned;
  }
  void fill(const memory::planned_write&, const write_answer& end, v1::ClearStandardReply* reply) const {
    reply->set_cleared(cleared);
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct approval_change {
  v1::ApprovePendingRequest request;
  std::int64_t now_ms = 0;
  memory::planned_decision decision;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of_approve(now, request); }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) {
    auto planned = memory::plan_approve(now, request, stamp, now_ms);
    if (!planned) return planned.error();
    decision = std::move(*planned);
    return std::move(decision.write);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::ApprovePendingReply* reply) const {
    reply->set_approved(decision.approved);
    *reply->mutable_action() = decision.action;
    reply->set_memory_id(planned.id);
    reply->set_votes(decision.votes);
    reply->set_votes_needed(decision.votes_needed);
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct rejection_change {
  v1::RejectPendingRequest request;
  std::int64_t now_ms = 0;
  v1::PendingAction action;
  std::vector<record_key> keys(const record_reader&) const { return {memory::pending_key(request.id())}; }
  result<memory::planned_write> plan(const record_reader& now, const version&) {
    auto planned = memory::plan_reject(now, request, now_ms);
    if (!planned) return planned.error();
    action = std::move(planned->action);
    return std::move(planned->write);
  }
  void fill(const memory::planned_write&, const write_answer& end, v1::RejectPendingReply* reply) const {
    *reply->mutable_action() = action;
    fill_receipt(end, reply->mutable_receipt());
  }
};

/// Those of a decision: nobody decides without having seen what was decided before.
constexpr write_terms decision_terms{write_quorum::by_default, write_consistency::linearizable,
                                     when_superseded::report};

}  // namespace

ServerUnaryReactor* memory_service::RegisterAgent(CallbackServerContext* call, const v1::RegisterAgentRequest* request,
                                                  v1::RegisterAgentReply* reply) {
  if (auto valid = memory::validate(*request); !valid) return finish(call, to_grpc(valid));
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               agent_change{*request, node_.time().wall_ms(), {}});
}

ServerUnaryReactor* memory_service::ListAgents(CallbackServerContext* call, const v1::ListAgentsRequest* request,
                                               v1::ListAgentsReply* reply) {
  return read(node_, readers_, call, request->session(), [this, reply](std::int64_t) -> status {
    auto agents = memory::list_agents(node_.records(), node_.time().wall_ms());
    if (!agents) return agents.error();
    for (auto& agent : *agents) *reply->add_agents() = std::move(agent);
    return {};
  });
}

ServerUnaryReactor* memory_service::SetStandard(CallbackServerContext* call, const v1::SetStandardRequest* request,
                                                v1::SetStandardReply* reply) {
  if (auto valid = memory::validate(*request); !valid) return finish(call, to_grpc(valid));
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               standard_change{*request, node_.time().wall_ms(), {}});
}

ServerUnaryReactor* memory_service::GetStandard(CallbackServerContext* call, const v1::GetStandardRequest* request,
                                                v1::GetStandardReply* reply) {
  if (auto valid = memory::validate_namespace(request->namespace_()); !valid) return finish(call, to_grpc(valid));
  return read(node_, readers_, call, request->session(), [this, request, reply](std::int64_t) -> status {
    std::vector<std::string> chain{request->namespace_()};
    if (request->inherit()) {
      auto whole = memory::chain_of(node_.records(), request->namespace_());
      if (!whole) return whole.error();
      chain = std::move(*whole);
    }
    for (const auto& name_space : chain) {
      auto standard = memory::standard_of(node_.records(), name_space);
      if (!standard && request->inherit() && memory::is_unreadable(standard.error())) {
        reply->add_chain(name_space);
        continue;
      }
      if (!standard) return standard.error();
      if (!request->inherit() || standard->found()) *reply->add_standards() = std::move(*standard);
      if (request->inherit()) reply->add_chain(name_space);
    }
    return {};
  });
}

ServerUnaryReactor* memory_service::ClearStandard(CallbackServerContext* call, const v1::ClearStandardRequest* request,
                                                  v1::ClearStandardReply* reply) {
  if (auto valid = memory::validate_namespace(request->namespace_()); !valid) return finish(call, to_grpc(valid));
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply, standard_removal{request->namespace_()});
}

ServerUnaryReactor* memory_service::ListPending(CallbackServerContext* call, const v1::ListPendingRequest* request,
                                                v1::ListPendingReply* reply) {
  if (request->limit() > limits::page_items_max)
    return finish(call, to_grpc(status::invalid("limit", "must be at most " + std::to_string(limits::page_items_max)
                                                             + ", got " + std::to_string(request->limit()))));
  return read(node_, readers_, call, request->session(), [this, request, reply](std::int64_t) -> status {
    const auto limit = request->limit() == 0 ? limits::page_items_default : request->limit();
    auto pending = memory::list_pending(node_.records(), request->status(), limit);
    if (!pending) return pending.error();
    for (auto& action : *pending) *reply->add_pending() = std::move(action);
    return {};
  });
}

ServerUnaryReactor* memory_service::ApprovePending(CallbackServerContext* call,
                                                   const v1::ApprovePendingRequest* request,
                                                   v1::ApprovePendingReply* reply) {
  return write(node_, call, decision_terms, request->ByteSizeLong() + 512, reply,
               approval_change{*request, node_.time().wall_ms(), {}});
}

ServerUnaryReactor* memory_service::RejectPending(CallbackServerContext* call, const v1::RejectPendingRequest* request,
                                                  v1::RejectPendingReply* reply) {
  return write(node_, call, decision_terms, request->ByteSizeLong() + 512, reply,
               rejection_change{*request, node_.time().wall_ms(), {}});
}

}  // namespace quorate::net
