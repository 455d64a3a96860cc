#include "net/http/batches.hpp"

#include <algorithm>

#include "memory/json.hpp"
#include "net/http/raw_json.hpp"
#include "proto/limits.hpp"
#include "proto/status.hpp"

namespace quorate::net::http {

call_result as_result(const status& error) {
  call_result result;
  if (error.ok()) return result;
  result.outcome = call_outcome::rejected;
  result.reason = quorate::name_of(error.code());
  result.field = error.field();
  result.message = error.context();
  return result;
}

std::string why(const call_result& end) {
  const auto text = end.field.empty() ? end.message : end.field + ": " + end.message;
  if (end.outcome == call_outcome::rejected) return text;
  return std::string(name_of(end.outcome)) + ": " + text;
}

std::optional<answer> refuse_too_many(std::size_t records) {
  if (records <= limits::batch_items_max) return std::nullopt;
  return error_answer(
      400, "at most " + std::to_string(limits::batch_items_max) + " records at a time, got " + std::to_string(records));
}

record_batch::record_batch(std::string_view array) {
  for (const auto text : elements_of(array)) {
    auto record = memory::from_json(text);
    ends_.push_back(as_result(record.error()));
    items_.push_back(record ? request_.items_size() : -1);
    if (record) *request_.add_items()->mutable_memory() = std::move(*record);
  }
}

v1::StoreRequest* record_batch::item(std::size_t record) {
  return items_[record] < 0 ? nullptr : request_.mutable_items(items_[record]);
}

std::optional<answer> record_batch::store(gateway_state& gateway) {
  if (request_.items().empty()) return std::nullopt;
  v1::StoreBatchReply reply;
  if (const auto result = gateway.node().store_batch(request_, &reply); !result.ok())
    return gateway.write_refused(result);
  if (reply.items_size() != request_.items_size()) return error_answer(500, "internal server error");
  for (std::size_t i = 0; i < size(); ++i) {
    if (items_[i] < 0) continue;
    const auto& item = reply.items(items_[i]);
    ends_[i] = decode(item);
    gateway.counters().count_store(request_.items(items_[i]).memory().tier(), ends_[i].ok());
    if (ends_[i].ok() && !item.stored().session().empty()) session_ = item.stored().session();
  }
  const auto* unavailable = first_unavailable();
  if (stored() == 0 && unavailable != nullptr) return gateway.write_refused(*unavailable);
  return std::nullopt;
}

std::size_t record_batch::stored() const {
  return static_cast<std::size_t>(
      std::count_if(ends_.begin(), ends_.end(), [](const call_result& end) { return end.ok(); }));
}

const call_result* record_batch::first_unavailable() const {
  const auto found = std::find_if(ends_.begin(), ends_.end(), is_unavailable);
  return found == ends_.end() ? nullptr : &*found;
}

}  // namespace quorate::net::http
