// Reading records by id, by name and as lists.
#include "memory/links.hpp"
#include "memory/listing.hpp"
#include "memory/operations.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "net/memory_service.hpp"
#include "net/session_wait.hpp"
#include "net/write_call.hpp"

namespace quorate::net {
namespace {

/// `now` gives what is not of the record alone: its use and its links.
status fill_reply(const record_reader& now, memory::found_record&& found, bool with_links, v1::GetReply* reply) {
  if (status failed = memory::present(now, &found.record); !failed) return failed;
  memory::clear_internal(&found.record);
  if (with_links) {
    auto links = memory::link_reader(now).of(found.record.id());
    if (!links) return links.error();
    for (auto& link : *links) *reply->add_links() = std::move(link);
  }
  *reply->mutable_memory() = std::move(found.record);
  fill(found.stamp, reply->mutable_version());
  return {};
}

/// A Get that asks the members for the record; its use and its links are those this node knows of.
class quorum_get final : public read_request {
 public:
  /// `id`: what the record must still be called then; empty when it was asked for by its name.
  quorum_get(const record_reader& now, call_pool& readers, ServerUnaryReactor* reactor, v1::GetReply* reply,
             std::string id, bool with_links)
      : now_(now), readers_(readers), reactor_(reactor), reply_(reply), id_(std::move(id)), with_links_(with_links) {}

  void finish(const read_answer& end) noexcept override {
    if (!end.outcome.ok()) return reactor_->Finish(to_grpc(end.outcome));
    // An actor's thread: what is left to be read is read elsewhere.
    readers_.go_on(
        reactor_,
        [&now = now_, reply = reply_, key = key, record = end.record, id = id_, with_links = with_links_]() -> status {
          auto found = memory::record_at(key, record, id);
          if (!found) return found.error();
          return fill_reply(now, std::move(*found), with_links, reply);
        });
  }

 private:
  const record_reader& now_;
  call_pool& readers_;
  ServerUnaryReactor* reactor_;
  v1::GetReply* reply_;
  std::string id_;
  bool with_links_;
};

const v1::RecordName* name_in(const v1::GetRequest& request) { return request.has_name() ? &request.name() : nullptr; }

/// The id to look for; empty when it is asked for by name.
result<std::string> id_in(const record_reader& now, const v1::GetRequest& request) {
  if (request.has_name()) return std::string();
  return memory::full_id(now, request.id(), request.allow_prefix());
}

status get_local(const record_reader& now, const v1::GetRequest& request, v1::GetReply* reply) {
  const auto id = id_in(now, request);
  if (!id) return id.error();
  auto found = memory::find_record(now, *id, name_in(request));
  if (!found) return found.error();
  return fill_reply(now, std::move(*found), request.with_links(), reply);
}

/// Finishes the call, now or later.
void get_from_quorum(node_api& node, call_pool& readers, ServerUnaryReactor* reactor, const v1::GetRequest& request,
                     std::int64_t deadline_us, v1::GetReply* reply) {
  const auto id = id_in(node.records(), request);
  if (!id) return reactor->Finish(to_grpc(id.error()));
  auto key = memory::find_key(node.records(), *id, name_in(request));
  if (!key) return reactor->Finish(to_grpc(key.error()));
  auto read = std::make_unique<quorum_get>(node.records(), readers, reactor, reply, *id, request.with_links());
  read->key = std::move(*key);
  read->deadline_us = deadline_us;
  node.read(read_ticket(std::move(read)));
}

}  // namespace

ServerUnaryReactor* memory_service::Get(CallbackServerContext* call, const v1::GetRequest* request,
                                        v1::GetReply* reply) {
  if (auto valid = memory::validate_addressing(request->id(), name_in(*request)); !valid)
    return finish(call, to_grpc(valid));
  if (request->consistency() == v1::READ_CONSISTENCY_LOCAL)
    return read(node_, readers_, call, request->session(),
                [this, request, reply](std::int64_t) { return get_local(node_.records(), *request, reply); });
  if (request->consistency() != v1::READ_CONSISTENCY_QUORUM)
    return finish(call, to_grpc(unknown_value("consistency", "ReadConsistency", v1::ReadConsistency_MAX,
                                              request->consistency())));
  const auto seen = read_session(request->session());
  if (!seen) return finish(call, to_grpc(seen.error()));
  if (auto admitted = readers_.admit(); !admitted) return finish(call, to_grpc(admitted));
  auto* reactor = call->DefaultReactor();
  const auto deadline = deadline_us(*call, node_);
  const auto ask = [this, request, deadline, reply](ServerUnaryReactor* open) -> std::optional<status> {
    get_from_quorum(node_, readers_, open, *request, deadline, reply);
    return std::nullopt;
  };
  // The members have what the session has seen, but a name is looked up here.
  when_seen(node_, *seen, deadline, or_finish(reactor, [this, reactor, ask] { readers_.hand_on(reactor, ask); }));
  return reactor;
}

ServerUnaryReactor* memory_service::List(CallbackServerContext* call, const v1::ListRequest* request,
                                         v1::ListReply* reply) {
  auto wanted = memory::prepare(*request);
  if (!wanted) return finish(call, to_grpc(wanted.error()));
  return read(node_, readers_, call, request->session(),
              [this, reply, what = std::move(*wanted)](std::int64_t deadline) -> status {
                auto page = memory::list(node_.records(), what, node_.time().wall_ms(),
                                         [&] { return node_.time().steady_us() >= deadline; });
                if (!page) return page.error();
                *reply = std::move(*page);
                return {};
              });
}

}  // namespace quorate::net
