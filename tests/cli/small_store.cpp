#include "tests/cli/small_store.hpp"

#include <algorithm>

namespace quorate::cli::tests {
namespace {

grpc::Status not_found() { return {grpc::StatusCode::NOT_FOUND, "no such record"}; }

}  // namespace

small_store::small_store() {
  serve_reads();
  serve_writes();
  serve_links();
}

v1::MemoryRecord& small_store::add(const std::string& id, const std::string& content, const std::string& at,
                                   const std::string& name_space) {
  auto& record = records[{name_space, "title of " + id}];
  record.set_id(id);
  record.set_tier(v1::TIER_MID);
  record.set_namespace_(name_space);
  record.set_title("title of " + id);
  record.set_content(content);
  record.set_priority(5);
  record.set_confidence(1.0);
  record.set_source("cli");
  record.set_metadata("{}");
  record.set_created_at(at);
  record.set_updated_at(at);
  return record;
}

void small_store::link(const std::string& source, const std::string& target, const std::string& relation) {
  auto& link = links.emplace_back();
  link.set_source_id(source);
  link.set_target_id(target);
  link.set_relation(relation);
  link.set_created_at("2026-01-02T00:00:00.000+00:00");
}

v1::MemoryRecord* small_store::by_id(const std::string& id) {
  for (auto& [name, record] : records)
    if (record.id() == id) return &record;
  return nullptr;
}

std::vector<std::string> small_store::titles(const std::string& name_space) const {
  std::vector<std::string> found;
  for (const auto& [name, record] : records)
    if (name.first == name_space) found.push_back(name.second);
  return found;
}

void small_store::serve_reads() {
  node.on_get = [this](const v1::GetRequest& request, v1::GetReply* reply) {
    const std::lock_guard lock(mutex);
    const v1::MemoryRecord* record = request.has_name() ? nullptr : by_id(request.id());
    if (request.has_name())
      if (const auto found = records.find({request.name().namespace_(), request.name().title()});
          found != records.end())
        record = &found->second;
    if (record == nullptr) return not_found();
    *reply->mutable_memory() = *record;
    for (const auto& link : links)
      if (request.with_links() && (link.source_id() == record->id() || link.target_id() == record->id()))
        *reply->add_links() = link;
    return grpc::Status::OK;
  };
  node.on_list = [this](const v1::ListRequest& request, v1::ListReply* reply) {
    const std::lock_guard lock(mutex);
    std::size_t at = 0;
    const auto first = request.cursor().empty() ? 0 : std::stoul(request.cursor());
    for (const auto& [name, record] : records) {
      if (!request.namespace_().empty() && name.first != request.namespace_()) continue;
      if (at++ < first) continue;
      if (reply->memories_size() == static_cast<int>(request.limit())) {
        reply->set_next_cursor(std::to_string(at - 1));
        break;
      }
      *reply->add_memories() = record;
    }
    return grpc::Status::OK;
  };
  node.on_GetStandard = [](const v1::GetStandardRequest& request, v1::GetStandardReply* reply) {
    reply->add_standards()->set_namespace_(request.namespace_());
    return grpc::Status::OK;
  };
}

void small_store::serve_writes() {
  node.on_store = [this](const v1::StoreRequest& request, v1::StoreReply* reply) {
    const std::lock_guard lock(mutex);
    auto& record = records[{request.memory().namespace_(), request.memory().title()}];
    record = request.memory();
    if (!request.full_record()) record.set_id("id of " + record.title());
    if (!request.full_record()) record.set_updated_at("2026-02-01T00:00:00.000+00:00");
    linearizable_writes += request.consistency() == v1::WRITE_CONSISTENCY_LINEARIZABLE ? 1 : 0;
    reply->set_id(record.id());
    return grpc::Status::OK;
  };
  node.on_update = [this](const v1::UpdateRequest& request, v1::StoreReply* reply) {
    const std::lock_guard lock(mutex);
    auto* record = by_id(request.id());
    if (record == nullptr) return not_found();
    if (request.has_priority()) record->set_priority(request.priority());
    if (request.has_metadata()) record->set_metadata(request.metadata());
    linearizable_writes += request.consistency() == v1::WRITE_CONSISTENCY_LINEARIZABLE ? 1 : 0;
    reply->set_id(record->id());
    return grpc::Status::OK;
  };
  node.on_delete = [this](const v1::DeleteRequest& request, v1::DeleteReply* reply) {
    const std::lock_guard lock(mutex);
    const auto* record = by_id(request.id());
    if (record == nullptr) return not_found();
    records.erase({record->namespace_(), record->title()});
    reply->set_id(request.id());
    return grpc::Status::OK;
  };
  node.on_Consolidate = [this](const v1::ConsolidateRequest& request, v1::ConsolidateReply* reply) {
    const std::lock_guard lock(mutex);
    for (const auto& id : request.ids())
      if (by_id(id) == nullptr) return not_found();
    for (const auto& id : request.ids()) records.erase({by_id(id)->namespace_(), by_id(id)->title()});
    auto& merged = records[{request.namespace_(), request.title()}];
    merged.set_id("merged");
    merged.set_namespace_(request.namespace_());
    merged.set_title(request.title());
    merged.set_content(request.summary());
    merged.set_tier(request.tier());
    merged.set_metadata("{}");
    reply->set_id("merged");
    reply->set_consolidated(static_cast<std::uint64_t>(request.ids_size()));
    return grpc::Status::OK;
  };
}

void small_store::serve_links() {
  node.on_ListLinks = [this](const v1::ListLinksRequest&, v1::ListLinksReply* reply) {
    const std::lock_guard lock(mutex);
    for (const auto& link : links) *reply->add_links() = link;
    return grpc::Status::OK;
  };
  node.on_Link = [this](const v1::LinkRequest& request, v1::LinkReply* reply) {
    const std::lock_guard lock(mutex);
    if (by_id(request.source_id()) == nullptr || by_id(request.target_id()) == nullptr) return not_found();
    link(request.source_id(), request.target_id(), request.relation());
    reply->set_created(true);
    return grpc::Status::OK;
  };
}

}  // namespace quorate::cli::tests
