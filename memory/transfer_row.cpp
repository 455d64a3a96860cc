#include "memory/transfer_row.hpp"

#include <algorithm>
#include <limits>

#include "memory/json_value.hpp"
#include "memory/links.hpp"
#include "memory/timestamp.hpp"

namespace quorate::memory {

namespace {

constexpr std::int64_t never_us = std::numeric_limits<std::int64_t>::min();

std::int64_t time_us(const std::string& text) { return parse_timestamp_us(text).value_or(never_us); }

/// Fields one after the other, each with its length, so that no two lists of fields give the same bytes.
class field_bytes {
 public:
  field_bytes& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  field_bytes& number(std::int64_t value) {
    bytes_.append(std::to_string(value)).push_back(';');
    return *this;
  }
  field_bytes& real(double value) {
    // Equal numbers, equal bytes: of the two zeros one.
    const double one_zero = value == 0 ? 0 : value;
    bytes_.append(reinterpret_cast<const char*>(&one_zero), sizeof one_zero);
    return *this;
  }
  field_bytes& optional_text(bool there, std::string_view value) { return number(there ? 1 : 0).text(value); }
  field_bytes& json(std::string_view value) { return text(json_value(value).value_or(std::string(value))); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

void add(field_bytes& out, const v1::MemoryRecord& m) {
  out.text(m.id()).number(m.tier()).text(m.namespace_()).text(m.title()).text(m.content()).number(m.tags_size());
  for (const auto& tag : m.tags()) out.text(tag);
  out.number(m.priority()).real(m.confidence()).text(m.source()).number(m.access_count());
  out.text(m.created_at()).text(m.updated_at()).optional_text(m.has_last_accessed_at(), m.last_accessed_at());
  out.optional_text(m.has_expires_at(), m.expires_at()).json(m.metadata().empty() ? "{}" : m.metadata());
}

void add(field_bytes& out, const v1::PendingAction& p) {
  out.text(p.id()).text(p.action_type()).text(p.memory_id()).text(p.namespace_());
  out.json(p.payload().empty() ? "{}" : p.payload()).text(p.requested_by()).text(p.requested_at()).text(p.status());
  out.optional_text(p.has_decided_by(), p.decided_by()).optional_text(p.has_decided_at(), p.decided_at());
  out.number(p.approvals_size());
  for (const auto& approval : p.approvals()) out.text(approval.agent_id()).text(approval.approved_at());
}

void add(field_bytes& out, const v1::Subscription& s) {
  out.text(s.id()).text(s.url()).text(s.events()).text(s.secret_hash()).text(s.namespace_filter());
  out.text(s.agent_filter()).text(s.created_by()).text(s.created_at()).text(s.last_dispatched_at());
  out.number(s.dispatch_count()).number(s.failure_count());
}

}  // namespace

std::string_view name_of(table which) {
  switch (which) {
    case table::memories: return "memories";
    case table::archive: return "archived_memories";
    case table::standards: return "namespace_meta";
    case table::pending: return "pending_actions";
    case table::subscriptions: return "subscriptions";
    case table::links: return "memory_links";
  }
  return {};
}

table table_of(const v1::TransferRow& row) {
  switch (row.row_case()) {
    case v1::TransferRow::kArchived: return table::archive;
    case v1::TransferRow::kStandard: return table::standards;
    case v1::TransferRow::kPending: return table::pending;
    case v1::TransferRow::kSubscription: return table::subscriptions;
    case v1::TransferRow::kLink: return table::links;
    default: return table::memories;
  }
}

std::string identity_of(const v1::TransferRow& row) {
  switch (table_of(row)) {
    case table::memories: return row.memory().id();
    case table::archive: return row.archived().memory().id();
    case table::standards: return row.standard().namespace_();
    case table::pending: return row.pending().id();
    case table::subscriptions: return row.subscription().id();
    case table::links: break;
  }
  return link_key(row.link().source_id(), row.link().target_id(), row.link().relation()).bytes;
}

std::string describe(const v1::TransferRow& row) {
  switch (table_of(row)) {
    case table::memories: return "memory " + row.memory().id();
    case table::archive: return "archived memory " + row.archived().memory().id();
    case table::standards: return "standard of namespace " + row.standard().namespace_();
    case table::pending: return "pending action " + row.pending().id();
    case table::subscriptions: return "subscription " + row.subscription().id();
    case table::links: break;
  }
  return "link " + row.link().source_id() + " -> " + row.link().target_id() + " (" + row.link().relation() + ")";
}

row_time time_of(const v1::TransferRow& row) {
  switch (table_of(row)) {
    case table::memories: return {time_us(row.memory().updated_at()), time_us(row.memory().last_accessed_at())};
    case table::archive: return {time_us(row.archived().archived_at()), never_us};
    case table::standards: return {time_us(row.standard().updated_at()), never_us};
    case table::pending: {
      auto last = std::max(time_us(row.pending().requested_at()), time_us(row.pending().decided_at()));
      for (const auto& approval : row.pending().approvals()) last = std::max(last, time_us(approval.approved_at()));
      return {last, never_us};
    }
    case table::subscriptions:
      return {time_us(row.subscription().created_at()), time_us(row.subscription().last_dispatched_at())};
    case table::links: break;
  }
  return {time_us(row.link().created_at()), never_us};
}

hash128 content_hash(const v1::TransferRow& row) {
  field_bytes out;
  out.number(static_cast<std::int64_t>(table_of(row)));
  switch (table_of(row)) {
    case table::memories: add(out, row.memory()); break;
    case table::archive:
      add(out, row.archived().memory());
      out.text(row.archived().archived_at()).text(row.archived().archive_reason());
      break;
    case table::standards:
      out.text(row.standard().namespace_()).text(row.standard().standard_id());
      out.text(row.standard().parent_namespace()).text(row.standard().updated_at());
      break;
    case table::pending: add(out, row.pending()); break;
    case table::subscriptions: add(out, row.subscription()); break;
    case table::links:
      out.text(row.link().source_id()).text(row.link().target_id()).text(row.link().relation());
      out.text(row.link().created_at());
      break;
  }
  return hash128_of(out.bytes());
}

bool is_same_used_more(const v1::TransferRow& read, const v1::TransferRow& there) {
  v1::TransferRow unused = there;
  if (read.has_memory() && there.has_memory()) {
    if (there.memory().access_count() <= read.memory().access_count()) return false;
    auto& memory = *unused.mutable_memory();
    memory.set_access_count(read.memory().access_count());
    memory.set_priority(read.memory().priority());
    memory.set_tier(read.memory().tier());
    memory.clear_last_accessed_at();
    if (read.memory().has_last_accessed_at()) memory.set_last_accessed_at(read.memory().last_accessed_at());
    memory.clear_expires_at();
    if (read.memory().has_expires_at()) memory.set_expires_at(read.memory().expires_at());
  } else if (read.has_subscription() && there.has_subscription()) {
    const auto more = there.subscription().dispatch_count() - read.subscription().dispatch_count();
    const auto more_failed = there.subscription().failure_count() - read.subscription().failure_count();
    if (more < 0 || more_failed < 0 || (more == 0 && more_failed == 0)) return false;
    auto& subscription = *unused.mutable_subscription();
    subscription.set_dispatch_count(read.subscription().dispatch_count());
    subscription.set_failure_count(read.subscription().failure_count());
    subscription.set_last_dispatched_at(read.subscription().last_dispatched_at());
  } else {
    return false;
  }
  return content_hash(unused) == content_hash(read);
}

}  // namespace quorate::memory
