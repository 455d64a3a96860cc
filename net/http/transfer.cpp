// All records out of the node, and records of another store into it.
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "memory/json.hpp"
#include "memory/reply_json.hpp"
#include "memory/timestamp.hpp"
#include "net/http/batches.hpp"
#include "net/http/pages.hpp"
#include "net/http/raw_json.hpp"
#include "proto/clock.hpp"
#include "proto/limits.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

/// Writes as it reads: what a node holds need not fit the memory twice.
class export_writer {
 public:
  export_writer(gateway_state& gateway, std::string session) : gateway_(gateway), session_(std::move(session)) {}

  /// The first page, so that a node that cannot answer is told by a status.
  call_result begin() {
    request_.set_limit(limits::page_items_max);
    request_.set_session(session_);
    return gateway_.node().list(request_, &first_);
  }

  bool write(const sink& out) {
    if (!out("{\"memories\":[")) return false;
    for (const auto& record : first_.memories())
      if (!write(record, out)) return false;
    if (!first_.next_cursor().empty()) {
      request_.set_cursor(first_.next_cursor());
      bool heard = true;
      const auto result = list_all(gateway_.node(), std::move(request_),
                                   [&](const v1::MemoryRecord& record) { return heard = write(record, out); });
      if (!result.ok() || !heard) return false;
    }
    return out("],\"links\":[") && write_links(out)
           && out("],\"count\":" + std::to_string(written_.size()) + ",\"exported_at\":\""
                  + memory::format_timestamp(system_clock().wall_ms()) + "\"}");
  }

 private:
  bool write(const v1::MemoryRecord& record, const sink& out) {
    const bool first = written_.empty();
    written_.insert(record.id());
    return out((first ? "" : ",") + memory::to_json(record));
  }

  /// Only those between records that were written.
  bool write_links(const sink& out) {
    bool first = true;
    bool heard = true;
    const auto result = list_all_links(gateway_.node(), session_, [&](const v1::LinkRecord& link) {
      if (!written_.contains(link.source_id()) || !written_.contains(link.target_id())) return true;
      heard = out((first ? "" : ",") + memory::json_of(link).dump());
      first = false;
      return heard;
    });
    return result.ok() && heard;
  }

  gateway_state& gateway_;
  std::string session_;
  v1::ListRequest request_;
  v1::ListReply first_;
  std::unordered_set<std::string> written_;
};

answer export_all(gateway_state& gateway, const call& request) {
  const auto writer = std::make_shared<export_writer>(gateway, session_of(request));
  if (const auto result = writer->begin(); !result.ok()) return refused(result);
  answer out;
  out.pieces = [writer](const sink& to) { return writer->write(to); };
  return out;
}

/// What is wrong with a link does not keep the others out, nor the records.
void import_links(gateway_state& gateway, const nlohmann::json& links) {
  for (const auto& link : links) {
    const auto text = [&](const char* name) {
      const auto found = link.find(name);
      return found != link.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    v1::LinkRequest asked;
    asked.set_source_id(text("source_id"));
    asked.set_target_id(text("target_id"));
    asked.set_relation(text("relation"));
    asked.set_created_at(text("created_at"));
    v1::LinkReply linked;
    if (!gateway.node().call(asked, &linked).ok()) continue;
  }
}

answer import_records(gateway_state& gateway, const call& request) {
  const auto& records = request.value("memories");
  if (auto refused = refuse_too_many(records.size())) return std::move(*refused);
  if (request.has("links"))
    if (auto refused = refuse_too_many(request.value("links").size())) return std::move(*refused);
  record_batch batch(*member_of(request.from().body, "memories"));
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (auto* item = batch.item(i); item != nullptr) item->set_full_record(true);
  if (auto refused = batch.store(gateway)) return std::move(*refused);
  auto errors = ordered_json::array();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch.end(i).ok()) continue;
    const auto id = records[i].find("id");
    errors.push_back((id != records[i].end() && id->is_string() ? id->get<std::string>() : "") + ": "
                     + why(batch.end(i)));
  }
  if (request.has("links")) import_links(gateway, request.value("links"));
  return with_session(json_answer(200, {{"imported", batch.stored()}, {"errors", errors}}), batch.session());
}

}  // namespace

std::vector<route> transfer_routes() {
  return {
      {.method = "GET",
       .path = "/api/v1/export",
       .group = "transfer",
       .summary = "All unexpired records by namespace and title, and the links between them",
       .statuses = {200, 503},
       .handle = export_all},
      {.method = "POST",
       .path = "/api/v1/import",
       .group = "transfer",
       .summary = "Stores up to 1,000 whole records of another store, and links; each has its own end",
       .body = body_kind::object,
       .fields = {{"memories", value_kind::objects, "records as an export has them", true},
                  {"links", value_kind::objects, "links as an export has them"}},
       .statuses = {200, 503},
       .handle = import_records},
  };
}

}  // namespace quorate::net::http
