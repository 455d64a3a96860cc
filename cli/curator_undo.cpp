#include "cli/curator_undo.hpp"

#include "proto/status.hpp"

namespace quorate::cli {
namespace {

using memory::curator_act;

bool missing(const net::call_result& result) { return result.reason == name_of(errc::not_found); }

class undoing {
 public:
  undoing(net::client& client, const curator_act& act, const std::string& caller)
      : client_(client), act_(act), caller_(caller) {}

  undone run() {
    switch (act_.what) {
      case curator_act::kind::consolidate: bring_back() && link_again() && remove_merged(); break;
      case curator_act::kind::forget: bring_back() && link_again(); break;
      case curator_act::kind::priority: reset_priority(); break;
      case curator_act::kind::annotate: reset_metadata(); break;
    }
    return done_;
  }

 private:
  bool failed(const net::call_result& result) {
    done_.failure = result;
    return false;
  }

  net::call_result read(const std::string& id, v1::MemoryRecord* record) {
    v1::GetRequest request;
    request.set_id(id);
    request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
    v1::GetReply reply;
    auto result = client_.get(request, &reply);
    *record = reply.memory();
    return result;
  }

  net::call_result read(const std::string& name_space, const std::string& title, v1::MemoryRecord* record) {
    v1::GetRequest request;
    request.mutable_name()->set_namespace_(name_space);
    request.mutable_name()->set_title(title);
    request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
    v1::GetReply reply;
    auto result = client_.get(request, &reply);
    *record = reply.memory();
    return result;
  }

  bool bring_back() {
    for (const auto& old : act_.records) {
      v1::MemoryRecord now;
      const auto by_name = read(old.namespace_(), old.title(), &now);
      if (by_name.ok()) {
        // There again or still: as it is now is how somebody wants it.
        if (now.id() != old.id()) ++done_.kept;
        continue;
      }
      if (!missing(by_name)) return failed(by_name);
      const auto by_id = read(old.id(), &now);
      if (by_id.ok()) {
        ++done_.kept;  // it was renamed since
        continue;
      }
      if (!missing(by_id)) return failed(by_id);
      v1::StoreRequest request;
      *request.mutable_memory() = old;
      request.set_full_record(true);
      request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
      v1::StoreReply reply;
      if (const auto stored = client_.store(request, &reply); !stored.ok()) return failed(stored);
      ++done_.restored;
    }
    return true;
  }

  bool link_again() {
    if (done_.restored == 0) return true;
    for (const auto& link : act_.links) {
      v1::LinkRequest request;
      request.set_source_id(link.source_id());
      request.set_target_id(link.target_id());
      request.set_relation(link.relation());
      request.set_created_at(link.created_at());
      v1::LinkReply reply;
      const auto linked = client_.call(request, &reply);
      // The record at its other end may be gone since.
      if (!linked.ok() && !missing(linked)) return failed(linked);
    }
    return true;
  }

  bool remove_merged() {
    v1::MemoryRecord merged;
    const auto found = read(act_.records.front().namespace_(), act_.merged_name, &merged);
    if (missing(found)) return true;
    if (!found.ok()) return failed(found);
    if (merged.content() != act_.merged_content) {
      ++done_.kept;
      return true;
    }
    v1::DeleteRequest request;
    request.set_id(merged.id());
    request.set_agent_id(caller_);
    request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    v1::DeleteReply reply;
    const auto removed = client_.remove(request, &reply);
    if (!removed.ok() && !missing(removed)) return failed(removed);
    ++(reply.has_pending() ? done_.kept : done_.removed);
    return true;
  }

  bool update(const v1::UpdateRequest& request) {
    v1::StoreReply reply;
    const auto updated = client_.update(request, &reply);
    if (!updated.ok()) return failed(updated);
    ++done_.restored;
    return true;
  }

  bool reset_priority() {
    const auto& old = act_.records.front();
    v1::MemoryRecord now;
    const auto found = read(old.id(), &now);
    if (!found.ok() && !missing(found)) return failed(found);
    if (!found.ok() || now.priority() != act_.priority) {
      ++done_.kept;
      return true;
    }
    v1::UpdateRequest request;
    request.set_id(old.id());
    request.set_priority(old.priority());
    request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    return update(request);
  }

  bool reset_metadata() {
    const auto& old = act_.records.front();
    v1::MemoryRecord now;
    const auto found = read(old.id(), &now);
    if (!found.ok() && !missing(found)) return failed(found);
    if (!found.ok() || now.metadata() != act_.metadata) {
      ++done_.kept;
      return true;
    }
    v1::UpdateRequest request;
    request.set_id(old.id());
    request.set_metadata(old.metadata());
    request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    return update(request);
  }

  net::client& client_;
  const curator_act& act_;
  const std::string& caller_;
  undone done_;
};

}  // namespace

undone undo(net::client& client, const memory::curator_act& act, const std::string& caller) {
  return undoing(client, act, caller).run();
}

}  // namespace quorate::cli
