// What becomes of records: the calls of curation.proto.
#include <algorithm>
#include <chrono>

#include "memory/archive.hpp"
#include "memory/counts.hpp"
#include "memory/curation.hpp"
#include "memory/links.hpp"
#include "memory/validation.hpp"
#include "net/collect.hpp"
#include "net/governed_change.hpp"
#include "net/memory_service.hpp"
#include "net/session_wait.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

// What a call changes, as in memory_service.cpp. What its plan changes now are the keys the members are asked about.

struct link_change {
  v1::LinkRequest request;
  std::int64_t now_ms = 0;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of(plan(now, {})); }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_link(now, request, now_ms);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::LinkReply* reply) const {
    reply->set_created(planned.created);
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct promote_change {
  v1::PromoteRequest request;
  std::int64_t now_ms = 0;
  std::string clone_id;  ///< of the last plan
  std::vector<record_key> keys(const record_reader& now) const {
    auto promotion = memory::plan_promote(now, request, now_ms, {});
    if (!promotion) return {};
    return memory::keys_of(result<memory::planned_write>(std::move(*promotion)));
  }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) {
    auto promotion = memory::plan_promote(now, request, now_ms, stamp);
    if (!promotion) return promotion.error();
    clone_id = promotion->clone_id;
    return result<memory::planned_write>(std::move(*promotion));
  }
  result<memory::governed_act> act(const record_reader& now) const {
    const auto id = memory::full_id(now, request.id(), request.allow_prefix());
    if (!id) return id.error();
    auto found = memory::find_record(now, *id, nullptr);
    if (!found) return found.error();
    return memory::act_on(memory::governed_action::promote, found->record, request.agent_id());
  }
  std::string payload() const { return memory::payload_of_promote(request.to_namespace()); }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::PromoteReply* reply) const {
    reply->set_id(planned.id);
    reply->set_clone_id(clone_id);
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct resolve_change {
  v1::ResolveRequest request;
  node_id self{};
  std::int64_t now_ms = 0;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of(plan(now, {})); }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_resolve(now, request, self, now_ms);
  }
  void fill(const memory::planned_write&, const write_answer& end, v1::ResolveReply* reply) const {
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct consolidate_change {
  v1::ConsolidateRequest request;
  v1::MemoryRecord prepared;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of(plan(now, {})); }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) const {
    return memory::plan_consolidate(now, request, prepared, stamp);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::ConsolidateReply* reply) const {
    reply->set_id(planned.id);
    reply->set_consolidated(static_cast<std::uint64_t>(request.ids_size()));
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct restore_change {
  v1::RestoreArchivedRequest request;
  std::int64_t now_ms = 0;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of(plan(now, {})); }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_restore(now, request.id(), now_ms);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::RestoreArchivedReply* reply) const {
    reply->set_id(planned.id);
    fill_receipt(end, reply->mutable_receipt());
  }
};

/// A call that makes many writes ends when its caller stops listening, not with the deadline of one write.
std::int64_t patience_us(const CallbackServerContext& call, const node_api& node) {
  using namespace std::chrono;
  const auto given = call.deadline();
  constexpr std::int64_t longest_us = 600'000'000;
  const auto left = given == system_clock::time_point::max()
                        ? longest_us
                        : std::min(longest_us, duration_cast<microseconds>(given - system_clock::now()).count());
  return node.time().steady_us() + left - std::min<std::int64_t>(left / 5, limits::deadline_margin_ms * 1000);
}

template <class Reply>
status hand_over(result<Reply>&& made, Reply* reply) {
  if (!made) return made.error();
  *reply = std::move(*made);
  return {};
}

}  // namespace

ServerUnaryReactor* memory_service::Link(CallbackServerContext* call, const v1::LinkRequest* request,
                                         v1::LinkReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               link_change{*request, node_.time().wall_ms()});
}

ServerUnaryReactor* memory_service::ListLinks(CallbackServerContext* call, const v1::ListLinksRequest* request,
                                              v1::ListLinksReply* reply) {
  return read(node_, readers_, call, request->session(), [this, request, reply](std::int64_t) {
    return hand_over(memory::link_reader(node_.records()).list(*request), reply);
  });
}

ServerUnaryReactor* memory_service::Promote(CallbackServerContext* call, const v1::PromoteRequest* request,
                                            v1::PromoteReply* reply) {
  if (auto valid = memory::validate_id(request->id()); !valid) return finish(call, to_grpc(valid));
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               governed_change(promote_change{*request, node_.time().wall_ms(), {}}, node_.time().wall_ms()));
}

ServerUnaryReactor* memory_service::Resolve(CallbackServerContext* call, const v1::ResolveRequest* request,
                                            v1::ResolveReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               resolve_change{*request, node_.self(), node_.time().wall_ms()});
}

ServerUnaryReactor* memory_service::Consolidate(CallbackServerContext* call, const v1::ConsolidateRequest* request,
                                                v1::ConsolidateReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  auto prepared = memory::prepare(*request, node_.time().wall_ms());
  if (!prepared) return finish(call, to_grpc(prepared.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               consolidate_change{*request, std::move(*prepared)});
}

ServerUnaryReactor* memory_service::Forget(CallbackServerContext* call, const v1::ForgetRequest* request,
                                           v1::ForgetReply* reply) {
  if (auto admitted = long_calls_.admit(); !admitted) return finish(call, to_grpc(admitted));
  auto* reactor = call->DefaultReactor();
  const auto deadline = patience_us(*call, node_);
  const auto work = [this, request, reply, deadline] { return hand_over(forget(node_, *request, deadline), reply); };
  auto go_on = or_finish(reactor, [this, reactor, work] { long_calls_.go_on(reactor, work); });
  if (request->pattern().empty())
    go_on({});
  else
    when_searchable(node_, {}, deadline, std::move(go_on));
  return reactor;
}

ServerUnaryReactor* memory_service::CollectExpired(CallbackServerContext* call,
                                                   const v1::CollectExpiredRequest* request,
                                                   v1::CollectExpiredReply* reply) {
  return long_calls_.run(call, [this, request, reply, deadline = patience_us(*call, node_)] {
    return hand_over(collect_expired(node_, *request, deadline), reply);
  });
}

ServerUnaryReactor* memory_service::RestoreArchived(CallbackServerContext* call,
                                                    const v1::RestoreArchivedRequest* request,
                                                    v1::RestoreArchivedReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               restore_change{*request, node_.time().wall_ms()});
}

ServerUnaryReactor* memory_service::PurgeArchive(CallbackServerContext* call, const v1::PurgeArchiveRequest* request,
                                                 v1::PurgeArchiveReply* reply) {
  return long_calls_.run(call, [this, request, reply, deadline = patience_us(*call, node_)] {
    return hand_over(purge_archive(node_, *request, deadline), reply);
  });
}

ServerUnaryReactor* memory_service::ListArchive(CallbackServerContext* call, const v1::ListArchiveRequest* request,
                                                v1::ListArchiveReply* reply) {
  return read(node_, readers_, call, request->session(), [this, request, reply](std::int64_t) {
    return hand_over(memory::list_archive(node_.records(), *request), reply);
  });
}

ServerUnaryReactor* memory_service::ArchiveStats(CallbackServerContext* call, const v1::ArchiveStatsRequest*,
                                                 v1::ArchiveStatsReply* reply) {
  return readers_.run(call, [this, reply] { return hand_over(memory::count_archive(node_.records()), reply); });
}

ServerUnaryReactor* memory_service::Stats(CallbackServerContext* call, const v1::StatsRequest* request,
                                          v1::StatsReply* reply) {
  return read(node_, readers_, call, request->session(), [this, reply](std::int64_t) {
    return hand_over(memory::count_records(node_.records(), node_.time().wall_ms()), reply);
  });
}

}  // namespace quorate::net
