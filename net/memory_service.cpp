#include "net/memory_service.hpp"

#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/pending.hpp"
#include "memory/validation.hpp"
#include "net/governed_change.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

// What a call changes: which keys, and what to do with them.

struct store_change {
  v1::MemoryRecord record;
  memory::asked_lifetime lifetime;
  std::vector<record_key> keys(const record_reader&) const { return memory::keys_of_store(record); }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) const {
    return memory::plan_store(now, record, stamp);
  }
  result<memory::governed_act> act(const record_reader&) const { return memory::act_of_store(record); }
  std::string payload() const { return memory::payload_of_store(record, lifetime); }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::StoreReply* reply) const {
    reply->set_id(planned.id);
    reply->set_created(planned.created);
    fill_receipt(end, reply);
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
    auto found = memory::find_record(now, request.id(), request.has_name() ? &request.name() : nullptr);
    if (!found) return found.error();
    return memory::act_on(memory::governed_action::remove, found->record, request.agent_id());
  }
  std::string payload() const { return std::string(memory::payload_of_delete); }
  void fill(const memory::planned_write& planned, const write_answer& end, v1::DeleteReply* reply) const {
    reply->set_id(planned.id);
    fill_receipt(end, reply);
  }
};

/// A batch is finished when its last item is.
struct batch_call {
  batch_call(ServerUnaryReactor* r, v1::StoreBatchReply* b) : reactor(r), reply(b) {}
  ~batch_call() { reactor->Finish(grpc::Status::OK); }
  ServerUnaryReactor* reactor;
  v1::StoreBatchReply* reply;
};

class batch_item final : public planned_request<store_change> {
 public:
  batch_item(std::shared_ptr<batch_call> batch, v1::StoreBatchReply::Item* item, v1::MemoryRecord record)
      : planned_request({std::move(record), {}}), batch_(std::move(batch)), item_(item) {}

  // Items are told apart by place, so they can be filled from different threads.
  void finish(const write_answer& end) noexcept override {
    item_->set_code(code_of(end.outcome.code()));
    if (end.outcome.ok()) {
      change().fill(planned(), end, item_->mutable_stored());
    } else {
      item_->set_message(end.outcome.message());
      if (v1::WriteFailure failure; fill(end, &failure)) *item_->mutable_write_failure() = std::move(failure);
      if (v1::InvalidField field; fill(end.outcome, &field)) *item_->mutable_invalid_field() = std::move(field);
    }
    batch_.reset();
  }

 private:
  std::shared_ptr<batch_call> batch_;
  v1::StoreBatchReply::Item* item_;
};

void fill_reply(memory::found_record&& found, v1::GetReply* reply) {
  *reply->mutable_memory() = std::move(found.record);
  fill(found.stamp, reply->mutable_version());
}

/// A Get that asks the members.
class quorum_get final : public read_request {
 public:
  /// `id`: what the record must still be called then; empty when it was asked for by its name.
  quorum_get(ServerUnaryReactor* reactor, v1::GetReply* reply, std::string id)
      : reactor_(reactor), reply_(reply), id_(std::move(id)) {}

  void finish(const read_answer& end) noexcept override {
    if (!end.outcome.ok()) return reactor_->Finish(to_grpc(end.outcome));
    auto found = memory::record_at(key, end.record, id_);
    if (!found) return reactor_->Finish(to_grpc(found.error()));
    fill_reply(std::move(*found), reply_);
    reactor_->Finish(grpc::Status::OK);
  }

 private:
  ServerUnaryReactor* reactor_;
  v1::GetReply* reply_;
  std::string id_;
};

status check_name(const std::string& id, const v1::RecordName* name) {
  if (id.empty() == (name == nullptr))
    return status::invalid("id", "give either an id or a name (namespace and title)");
  if (name == nullptr) return memory::validate_id(id);
  if (auto valid = memory::validate_namespace(name->namespace_()); !valid) return valid;
  return memory::validate_title(name->title());
}

}  // namespace

ServerUnaryReactor* memory_service::Store(CallbackServerContext* call, const v1::StoreRequest* request,
                                          v1::StoreReply* reply) {
  auto bytes = request->memory().content().size() + request->memory().metadata().size() + 512;
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  // The request is ours alone until the call ends; taking its strings spares copies of the content.
  const auto now_ms = node_.time().wall_ms();
  const bool governed = !request->full_record();
  auto lifetime = memory::lifetime_of(*request);
  auto prepared = memory::prepare(std::move(*const_cast<v1::StoreRequest*>(request)), now_ms);
  if (!prepared) return finish(call, to_grpc(prepared.error()));
  store_change change{std::move(*prepared), lifetime};
  if (!governed) return write(node_, call, *terms, bytes, reply, std::move(change));
  return write(node_, call, *terms, bytes, reply, governed_change(std::move(change), now_ms));
}

ServerUnaryReactor* memory_service::StoreBatch(CallbackServerContext* call, const v1::StoreBatchRequest* request,
                                               v1::StoreBatchReply* reply) {
  auto count = static_cast<std::size_t>(request->items_size());
  if (count == 0 || count > limits::batch_items_max)
    return finish(call, to_grpc(status::invalid("items", "must be 1 to " + std::to_string(limits::batch_items_max)
                                                             + " records, got " + std::to_string(count))));
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  auto* reactor = call->DefaultReactor();
  auto batch = std::make_shared<batch_call>(reactor, reply);
  auto deadline = deadline_us(*call, node_);
  auto now_ms = node_.time().wall_ms();
  for (std::size_t i = 0; i < count; ++i) reply->add_items();
  std::vector<write_ticket> tickets;
  tickets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto* item = reply->mutable_items(static_cast<int>(i));
    auto& input = *const_cast<v1::StoreBatchRequest*>(request)->mutable_items(static_cast<int>(i));
    auto bytes = input.memory().content().size() + input.memory().metadata().size() + 512;
    auto prepared = memory::prepare(std::move(input), now_ms);
    if (!prepared) {
      item->set_code(code_of(prepared.error().code()));
      item->set_message(prepared.error().message());
      if (v1::InvalidField field; fill(prepared.error(), &field)) *item->mutable_invalid_field() = std::move(field);
      continue;
    }
    auto one = std::make_unique<batch_item>(batch, item, std::move(*prepared));
    apply(*terms, one.get());
    one->deadline_us = deadline;
    one->bytes = bytes;
    tickets.emplace_back(std::move(one));
  }
  batch.reset();
  if (!tickets.empty()) node_.submit(std::move(tickets));
  return reactor;
}

ServerUnaryReactor* memory_service::Get(CallbackServerContext* call, const v1::GetRequest* request,
                                        v1::GetReply* reply) {
  const auto* name = request->has_name() ? &request->name() : nullptr;
  if (auto valid = check_name(request->id(), name); !valid) return finish(call, to_grpc(valid));
  if (request->consistency() == v1::READ_CONSISTENCY_LOCAL) {
    auto found = memory::find_record(node_.records(), request->id(), name);
    if (!found) return finish(call, to_grpc(found.error()));
    fill_reply(std::move(*found), reply);
    return finish(call, grpc::Status::OK);
  }
  if (request->consistency() != v1::READ_CONSISTENCY_QUORUM)
    return finish(call, to_grpc(unknown_value("consistency", "ReadConsistency", v1::ReadConsistency_MAX,
                                              request->consistency())));
  auto key = memory::find_key(node_.records(), request->id(), name);
  if (!key) return finish(call, to_grpc(key.error()));
  auto* reactor = call->DefaultReactor();
  auto read = std::make_unique<quorum_get>(reactor, reply, request->id());
  read->key = std::move(*key);
  read->deadline_us = deadline_us(*call, node_);
  node_.read(read_ticket(std::move(read)));
  return reactor;
}

ServerUnaryReactor* memory_service::List(CallbackServerContext* call, const v1::ListRequest* request,
                                         v1::ListReply* reply) {
  if (request->limit() > limits::page_items_max)
    return finish(call, to_grpc(status::invalid("limit", "must be at most " + std::to_string(limits::page_items_max)
                                                             + ", got " + std::to_string(request->limit()))));
  std::string prefix;
  if (request->has_namespace_()) {
    if (auto valid = memory::validate_namespace(request->namespace_()); !valid) return finish(call, to_grpc(valid));
    prefix = memory::prefix_of(request->namespace_());
  }
  auto limit = request->limit() == 0 ? limits::page_items_default : request->limit();
  auto page = node_.records().scan(key_kind::memory, prefix, request->cursor(), limit, limits::page_bytes_max);
  if (!page) return finish(call, to_grpc(page.error()));
  auto now_ms = node_.time().wall_ms();
  for (const auto& [key, stored] : page->records) {
    auto* record = reply->add_memories();
    if (!record->ParseFromString(stored.value))
      return finish(call, to_grpc(status(errc::corruption, "a stored record cannot be parsed")));
    if (memory::expired(*record, now_ms)) reply->mutable_memories()->RemoveLast();
  }
  if (page->next) reply->set_next_cursor(*page->next);
  return finish(call, grpc::Status::OK);
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
  if (auto valid = check_name(request->id(), request->has_name() ? &request->name() : nullptr); !valid)
    return finish(call, to_grpc(valid));
  const auto terms = terms_of(*request);
  if (!terms) return finish(call, to_grpc(terms.error()));
  return write(node_, call, *terms, request->ByteSizeLong() + 512, reply,
               governed_change(delete_change{*request}, node_.time().wall_ms()));
}

}  // namespace quorate::net
