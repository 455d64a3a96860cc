// Many new records at once.
#include <nlohmann/json.hpp>

#include "net/http/batches.hpp"
#include "net/http/record_fields.hpp"

namespace quorate::net::http {
namespace {

answer store_many(gateway_state& gateway, const call& request) {
  const auto& items = request.value("items");
  if (auto refused = refuse_too_many(items.size())) return std::move(*refused);
  record_batch batch(request.from().body);
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (auto* item = batch.item(i); item != nullptr && items[i].contains("ttl_secs"))
      item->set_ttl_seconds(items[i]["ttl_secs"].get<std::int64_t>());
  if (auto refused = batch.store(gateway)) return std::move(*refused);
  auto errors = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (!batch.end(i).ok()) errors.push_back(items[i]["title"].get<std::string>() + ": " + why(batch.end(i)));
  return with_session(json_answer(200, {{"created", batch.stored()}, {"errors", errors}}), batch.session());
}

}  // namespace

std::vector<route> bulk_routes() {
  return {{.method = "POST",
           .path = "/api/v1/memories/bulk",
           .group = "memories",
           .summary = "Stores up to 1,000 records; each has its own end. 503 when none could be stored for lack of "
                      "copies",
           .body = body_kind::array,
           .fields = new_record_fields(),
           .statuses = {200, 503},
           .handle = store_many}};
}

}  // namespace quorate::net::http
