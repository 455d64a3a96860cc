// Agents tell each other, and others are told: the calls of governance.proto about messages and subscriptions.
#include "memory/key.hpp"
#include "memory/messages.hpp"
#include "memory/subscriptions.hpp"
#include "net/memory_service.hpp"
#include "net/session_wait.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

constexpr std::uint32_t inbox_items_default = 50;
constexpr std::uint32_t inbox_items_max = 500;

struct message_change {
  v1::MemoryRecord message;
  std::vector<record_key> keys(const record_reader&) const { return memory::keys_of_store(message); }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) const {
    return memory::plan_store(now, message, stamp);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::NotifyReply* reply) const {
    *reply->mutable_message() = message;
    reply->mutable_message()->set_id(planned.id);
    memory::show_message(reply->mutable_message());
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct subscription_change {
  v1::Subscription subscription;
  std::int64_t now_ms = 0;
  std::vector<record_key> keys(const record_reader&) const { return {memory::subscription_key(subscription.id())}; }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_subscribe(now, subscription, now_ms);
  }
  void fill(const memory::planned_write&, const write_answer& end, v1::SubscribeReply* reply) const {
    *reply->mutable_subscription() = subscription;
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct subscription_removal {
  std::string id;
  bool removed = false;
  std::vector<record_key> keys(const record_reader&) const { return {memory::subscription_key(id)}; }
  result<memory::planned_write> plan(const record_reader& now, const version&) {
    auto planned = memory::plan_unsubscribe(now, id);
    removed = planned && !planned->mutations.empty();
    return planned;
  }
  void fill(const memory::planned_write&, const write_answer& end, v1::UnsubscribeReply* reply) const {
    reply->set_removed(removed);
    fill_receipt(end, reply->mutable_receipt());
  }
};

struct dispatch_count {
  v1::RecordDispatchRequest request;
  node_id self{};
  std::int64_t now_ms = 0;
  std::vector<record_key> keys(const record_reader&) const { return {}; }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_record_dispatch(now, request, self, now_ms);
  }
  void fill(const memory::planned_write&, const write_answer&, v1::RecordDispatchReply*) const {}
};

}  // namespace

ServerUnaryReactor* memory_service::Notify(CallbackServerContext* call, const v1::NotifyRequest* request,
                                           v1::NotifyReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  auto prepared = memory::prepare_message(*request, memory::random_id(), node_.time().wall_ms());
  if (!prepared) return finish(call, to_grpc(prepared.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply, message_change{std::move(*prepared)});
}

ServerUnaryReactor* memory_service::Inbox(CallbackServerContext* call, const v1::InboxRequest* request,
                                          v1::InboxReply* reply) {
  if (request->limit() > inbox_items_max)
    return finish(call, to_grpc(status::invalid("limit", "must be at most " + std::to_string(inbox_items_max) + ", got "
                                                             + std::to_string(request->limit()))));
  auto inbox = memory::inbox_of(request->agent_id(), "agent_id");
  if (!inbox) return finish(call, to_grpc(inbox.error()));
  return read(node_, readers_, call, request->session(),
              [this, request, reply, inbox = std::move(*inbox)](std::int64_t) -> status {
                const auto limit = request->limit() == 0 ? inbox_items_default : request->limit();
                auto messages =
                    memory::read_inbox(node_.records(), inbox, request->unread_only(), limit, node_.time().wall_ms());
                if (!messages) return messages.error();
                for (auto& message : *messages) *reply->add_messages() = std::move(message);
                return {};
              });
}

ServerUnaryReactor* memory_service::Subscribe(CallbackServerContext* call, const v1::SubscribeRequest* request,
                                              v1::SubscribeReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  const auto now_ms = node_.time().wall_ms();
  auto prepared = memory::prepare_subscription(*request, now_ms);
  if (!prepared) return finish(call, to_grpc(prepared.error()));
  prepared->set_id(memory::random_id());
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               subscription_change{std::move(*prepared), now_ms});
}

ServerUnaryReactor* memory_service::Unsubscribe(CallbackServerContext* call, const v1::UnsubscribeRequest* request,
                                                v1::UnsubscribeReply* reply) {
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply, subscription_removal{request->id()});
}

ServerUnaryReactor* memory_service::ListSubscriptions(CallbackServerContext* call,
                                                      const v1::ListSubscriptionsRequest* request,
                                                      v1::ListSubscriptionsReply* reply) {
  return read(node_, readers_, call, request->session(), [this, reply](std::int64_t) -> status {
    auto subscriptions = memory::list_subscriptions(node_.records());
    if (!subscriptions) return subscriptions.error();
    for (auto& subscription : *subscriptions) *reply->add_subscriptions() = std::move(subscription);
    return {};
  });
}

ServerUnaryReactor* memory_service::RecordDispatch(CallbackServerContext* call,
                                                   const v1::RecordDispatchRequest* request,
                                                   v1::RecordDispatchReply* reply) {
  // A row of this node's own, which no other write supersedes; worth no wait for others.
  constexpr write_terms terms{write_quorum::one, write_consistency::by_default, when_superseded::report};
  return write(node_, call, terms, request->ByteSizeLong() + 512, reply,
               dispatch_count{*request, node_.self(), node_.time().wall_ms()});
}

}  // namespace quorate::net
