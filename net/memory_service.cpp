#include "net/memory_service.hpp"

#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/pending.hpp"
#include "memory/validation.hpp"
#include "net/batch_call.hpp"
#include "net/governed_change.hpp"
#include "net/session_wait.hpp"
#include "net/word_search.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

// What a call changes: which keys, and what to do with them.

struct store_change {
  v1::MemoryRecord record;
  memory::merge_rule rule = memory::merge_rule::upsert;
  memory::asked_lifetime lifetime{};
  std::vector<record_key> keys(const record_reader&) const { return memory::keys_of_store(record); }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) const {
    return memory::plan_store(now, record, stamp, rule);
  }
  result<memory::governed_act> act(const record_reader&) const { return memory::act_of_store(record); }
  std::string payload() const { return memory::payload_of_store(record, lifetime); }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::StoreReply* reply) const {
    reply->set_id(planned.id);
    reply->set_created(planned.created);
    fill_receipt(end, reply);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::StoreBatchReply::Item* item) const {
    fill(planned, end, item->mutable_stored());
  }
};

struct update_change {
  v1::UpdateRequest request;
  std::int64_t now_ms = 0;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of_update(now, request); }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_update(now, request, now_ms);
  }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::StoreReply* reply) const {
    reply->set_id(planned.id);
    *reply->mutable_memory() = *planned.shown;
    fill_receipt(end, reply);
  }
};

struct delete_change {
  v1::DeleteRequest request;
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of_delete(now, request); }
  result<memory::planned_write> plan(const record_reader& now, const version&) const {
    return memory::plan_delete(now, request);
  }
  result<memory::governed_act> act(const record_reader& now) const {
    const auto found = memory::find_to_delete(now, request);
    if (!found) return found.error();
    return memory::act_on(memory::governed_action::remove, found->record, request.agent_id());
  }
  std::string payload() const { return std::string(memory::payload_of_delete); }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::DeleteReply* reply) const {
    reply->set_id(planned.id);
    fill_receipt(end, reply);
  }
};

memory::merge_rule rule_of(const v1::StoreRequest& request) {
  return request.merge_by_time() ? memory::merge_rule::by_time : memory::merge_rule::upsert;
}

std::size_t bytes_of(const v1::MemoryRecord& record) {
  return record.content().size() + record.metadata().size() + 512;
}

/// The records of the namespace whose words are closest to the title.
std::vector<std::string> find_contradictions(const node_api& node, const v1::MemoryRecord& stored) {
  constexpr std::size_t most = 5;
  const auto own = memory::key_of(stored.namespace_(), stored.title());
  std::vector<std::string> ids;
  // One more than wanted: the record itself may be among them.
  const auto matches = node.words().match(any_word_of(stored.title(), stored.namespace_(), most + 1));
  if (!matches) return ids;
  for (const auto& match : *matches) {
    if (match.key == own || ids.size() == most) continue;
    const auto there = node.records().get(match.key);
    if (there && *there && !(*there)->deleted) ids.push_back((*there)->alias);
  }
  return ids;
}

}  // namespace

ServerUnaryReactor* memory_service::Store(CallbackServerContext* call, const v1::StoreRequest* request,
                                          v1::StoreReply* reply) {
  const auto bytes = bytes_of(request->memory());
  const auto rule = rule_of(*request);
  const bool contradictions = request->find_contradictions();
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  // The request is ours alone until the call ends; taking its strings spares copies of the content.
  const auto now_ms = node_.time().wall_ms();
  const bool governed = !request->full_record();
  auto lifetime = memory::lifetime_of(*request);
  auto prepared = memory::prepare(std::move(*const_cast<v1::StoreRequest*>(request)), now_ms);
  if (!prepared) return finish(call, to_grpc(prepared.error()));
  store_change stored{std::move(*prepared), rule, lifetime};
  // A full record comes from another store, which has judged it.
  if (!governed && !contradictions) return write(node_, call, *terms, bytes, reply, std::move(stored));
  if (!contradictions) return write(node_, call, *terms, bytes, reply, governed_change(std::move(stored), now_ms));
  if (auto admitted = readers_.admit(); !admitted) return finish(call, to_grpc(admitted));
  auto* reactor = call->DefaultReactor();
  const auto now_us = node_.time().steady_us();
  const auto deadline = deadline_us(*call, node_);
  const auto change = std::make_shared<const store_change>(std::move(stored));
  const auto store = [this, reactor, reply, deadline, bytes, terms = *terms, change, governed, now_ms] {
    if (governed)
      write(node_, reactor, terms, deadline, bytes, reply, governed_change(*change, now_ms));
    else
      write(node_, reactor, terms, deadline, bytes, reply, *change);
  };
  // Asked before the write, so that what it finds was there before. To help, not to be relied on: when the words cannot
  // be asked in a quarter of the time there is, or others wait for threads, it finds none.
  const auto patience_us = std::max<std::int64_t>(deadline - now_us, 0) / 4;
  when_searchable(node_, {}, now_us + patience_us, [this, reactor, reply, store, change](const status& there) {
    const bool look = there.ok() && !readers_.busy();
    readers_.hand_on(reactor, [this, reply, store, change, look](ServerUnaryReactor*) -> std::optional<status> {
      if (look)
        for (auto& id : find_contradictions(node_, change->record)) reply->add_potential_contradictions(std::move(id));
      store();
      return std::nullopt;
    });
  });
  return reactor;
}

ServerUnaryReactor* memory_service::StoreBatch(CallbackServerContext* call, const v1::StoreBatchRequest* request,
                                               v1::StoreBatchReply* reply) {
  auto count = static_cast<std::size_t>(request->items_size());
  if (count == 0 || count > limits::batch_items_max)
    return finish(call, to_grpc(status::invalid("items", "must be 1 to " + std::to_string(limits::batch_items_max)
                                                             + " records, got " + std::to_string(count))));
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  const auto now_ms = node_.time().wall_ms();
  auto& items = *const_cast<v1::StoreBatchRequest*>(request)->mutable_items();
  return write_batch(node_, call, *terms, items.size(), reply, [&](int i) -> result<sized_change<store_change>> {
    const auto bytes = bytes_of(items[i].memory());
    const auto rule = rule_of(items[i]);
    auto prepared = memory::prepare(std::move(items[i]), now_ms);
    if (!prepared) return prepared.error();
    return sized_change<store_change>{{std::move(*prepared), rule, {}}, bytes};
  });
}

ServerUnaryReactor* memory_service::Update(CallbackServerContext* call, const v1::UpdateRequest* request,
                                           v1::StoreReply* reply) {
  if (auto valid = memory::validate(*request); !valid) return finish(call, to_grpc(valid));
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               update_change{*request, node_.time().wall_ms()});
}

ServerUnaryReactor* memory_service::Delete(CallbackServerContext* call, const v1::DeleteRequest* request,
                                           v1::DeleteReply* reply) {
  if (auto valid = memory::validate_addressing(request->id(), request->has_name() ? &request->name() : nullptr); !valid)
    return finish(call, to_grpc(valid));
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               governed_change(delete_change{*request}, node_.time().wall_ms()));
}

}  // namespace quorate::net
