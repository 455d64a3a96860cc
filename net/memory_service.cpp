#include "net/memory_service.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>

#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/validation.hpp"
#include "net/status_map.hpp"
#include "proto/limits.hpp"

namespace quorate::net {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

ServerUnaryReactor* finish(CallbackServerContext* call, const grpc::Status& status) {
  auto* reactor = call->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

result<write_quorum> quorum_of(v1::WriteQuorum quorum) {
  switch (quorum) {
    case v1::WRITE_QUORUM_DEFAULT: return write_quorum::by_default;
    case v1::WRITE_QUORUM_ONE: return write_quorum::one;
    case v1::WRITE_QUORUM_MAJORITY: return write_quorum::majority;
    case v1::WRITE_QUORUM_ALL: return write_quorum::all;
    default: break;
  }
  return status::invalid("write_quorum", "must be a value of quorate.v1.WriteQuorum (0 to 3), got "
                                             + std::to_string(static_cast<int>(quorum)));
}

/// When the answer must be out: the node's quorum timeout, or a little before the caller stops listening, so that it
/// gets our exact answer and not its own library's "deadline exceeded".
std::int64_t deadline_us(const CallbackServerContext& call, const node_api& node) {
  using namespace std::chrono;
  auto now = node.time().steady_us();
  auto own = now + node.quorum_timeout_us();
  auto given = call.deadline();
  if (given == system_clock::time_point::max()) return own;
  auto left = duration_cast<microseconds>(given - system_clock::now()).count();
  return std::min(own, now + left - std::min<std::int64_t>(left / 5, limits::deadline_margin_ms * 1000));
}

template <class Reply>
void fill_reply(const memory::planned_write& planned, const write_answer& answer, Reply* reply) {
  reply->set_id(planned.id);
  fill(answer.stamp, reply->mutable_version());
  reply->set_copies_needed(answer.copies_needed);
  reply->set_copies(answer.copies);
}

void fill_created(const memory::planned_write& planned, v1::StoreReply* reply) { reply->set_created(planned.created); }
void fill_created(const memory::planned_write&, v1::DeleteReply*) {}

/// A unary write: `Plan` is called as plan(reader, stamp) -> result<planned_write>.
template <class Reply, class Plan>
class unary_write final : public write_request {
 public:
  unary_write(ServerUnaryReactor* reactor, Reply* reply, Plan plan)
      : reactor_(reactor), reply_(reply), plan_(std::move(plan)) {}

  result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) override {
    auto planned = plan_(now, stamp);
    if (!planned) return planned.error();
    planned_ = std::move(*planned);
    return std::move(planned_.mutations);
  }

  void finish(const write_answer& answer) noexcept override {
    if (answer.outcome.ok()) {
      fill_reply(planned_, answer, reply_);
      fill_created(planned_, reply_);
      reactor_->Finish(grpc::Status::OK);
    } else {
      reactor_->Finish(to_grpc(answer));
    }
  }

 private:
  ServerUnaryReactor* reactor_;
  Reply* reply_;
  Plan plan_;
  memory::planned_write planned_;
};

template <class Reply, class Plan>
ServerUnaryReactor* write(node_api& node, CallbackServerContext* call, v1::WriteQuorum quorum, std::size_t bytes,
                          Reply* reply, Plan plan) {
  auto checked = quorum_of(quorum);
  if (!checked) return finish(call, to_grpc(checked.error()));
  auto* reactor = call->DefaultReactor();
  auto request = std::make_unique<unary_write<Reply, Plan>>(reactor, reply, std::move(plan));
  request->quorum = *checked;
  request->deadline_us = deadline_us(*call, node);
  request->bytes = bytes;
  std::vector<write_ticket> tickets;
  tickets.emplace_back(std::move(request));
  node.submit(std::move(tickets));
  return reactor;
}

/// A batch is finished when its last item is.
struct batch_call {
  batch_call(ServerUnaryReactor* r, v1::StoreBatchReply* b) : reactor(r), reply(b) {}
  ~batch_call() { reactor->Finish(grpc::Status::OK); }
  ServerUnaryReactor* reactor;
  v1::StoreBatchReply* reply;
};

class batch_item final : public write_request {
 public:
  batch_item(std::shared_ptr<batch_call> batch, v1::StoreBatchReply::Item* item, v1::MemoryRecord record)
      : batch_(std::move(batch)), item_(item), record_(std::move(record)) {}

  result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) override {
    auto planned = memory::plan_store(now, record_, stamp);
    if (!planned) return planned.error();
    planned_ = std::move(*planned);
    return std::move(planned_.mutations);
  }

  // Items are told apart by place, so they can be filled from different threads.
  void finish(const write_answer& answer) noexcept override {
    item_->set_code(code_of(answer.outcome.code()));
    if (answer.outcome.ok()) {
      fill_reply(planned_, answer, item_->mutable_stored());
      fill_created(planned_, item_->mutable_stored());
    } else {
      item_->set_message(answer.outcome.message());
      if (v1::WriteFailure failure; fill(answer, &failure)) *item_->mutable_write_failure() = std::move(failure);
      if (v1::InvalidField field; fill(answer.outcome, &field)) *item_->mutable_invalid_field() = std::move(field);
    }
    batch_.reset();
  }

 private:
  std::shared_ptr<batch_call> batch_;
  v1::StoreBatchReply::Item* item_;
  v1::MemoryRecord record_;
  memory::planned_write planned_;
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
  auto quorum = request->write_quorum();
  // The request is ours alone until the call ends; taking its strings spares copies of the content.
  auto prepared = memory::prepare(std::move(*const_cast<v1::StoreRequest*>(request)), node_.time().wall_ms());
  if (!prepared) return finish(call, to_grpc(prepared.error()));
  return write(node_, call, quorum, bytes, reply,
               [record = std::move(*prepared)](const record_reader& now, const version& stamp) {
                 return memory::plan_store(now, record, stamp);
               });
}

ServerUnaryReactor* memory_service::StoreBatch(CallbackServerContext* call, const v1::StoreBatchRequest* request,
                                               v1::StoreBatchReply* reply) {
  auto count = static_cast<std::size_t>(request->items_size());
  if (count == 0 || count > limits::batch_items_max)
    return finish(call, to_grpc(status::invalid("items", "must be 1 to " + std::to_string(limits::batch_items_max)
                                                             + " records, got " + std::to_string(count))));
  auto quorum = quorum_of(request->write_quorum());
  if (!quorum) return finish(call, to_grpc(quorum.error()));
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
    one->quorum = *quorum;
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
  auto found = memory::find_record(node_.records(), request->id(), name);
  if (!found) return finish(call, to_grpc(found.error()));
  *reply->mutable_memory() = std::move(found->record);
  fill(found->stamp, reply->mutable_version());
  return finish(call, grpc::Status::OK);
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
  return write(node_, call, request->write_quorum(), request->ByteSizeLong() + 512, reply,
               [update = *request, now_ms = node_.time().wall_ms()](const record_reader& now, const version&) {
                 return memory::plan_update(now, update, now_ms);
               });
}

ServerUnaryReactor* memory_service::Delete(CallbackServerContext* call, const v1::DeleteRequest* request,
                                           v1::DeleteReply* reply) {
  if (auto valid = check_name(request->id(), request->has_name() ? &request->name() : nullptr); !valid)
    return finish(call, to_grpc(valid));
  return write(
      node_, call, request->write_quorum(), request->ByteSizeLong() + 512, reply,
      [removal = *request](const record_reader& now, const version&) { return memory::plan_delete(now, removal); });
}

}  // namespace quorate::net
