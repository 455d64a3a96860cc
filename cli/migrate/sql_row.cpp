#include "cli/migrate/sql_row.hpp"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "memory/compact_json.hpp"
#include "memory/text.hpp"
#include "memory/validation.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;
using enum column_kind;

constexpr std::array memory_columns{
    column{"id", text},
    column{"tier", text},
    column{"namespace", text, false, "global"},
    column{"title", text},
    column{"content", text},
    column{"tags", json, false, "[]"},
    column{"priority", integer, false, "5"},
    column{"confidence", real, false, "1.0"},
    column{"source", text, false, "api"},
    column{"access_count", integer, false, "0"},
    column{"created_at", column_kind::time},
    column{"updated_at", column_kind::time},
    column{"last_accessed_at", column_kind::time, true},
    column{"expires_at", column_kind::time, true},
    column{"metadata", json, false, "{}"},
};

constexpr auto archive_columns = [] {
  std::array<column, memory_columns.size() + 2> all{};
  std::copy(memory_columns.begin(), memory_columns.end(), all.begin());
  all[memory_columns.size()] = {"archived_at", column_kind::time};
  all[memory_columns.size() + 1] = {"archive_reason", text, false, "ttl_expired"};
  return all;
}();

constexpr std::array standard_columns{
    column{"namespace", text},
    column{"standard_id", text, true},
    column{"updated_at", column_kind::time},
    column{"parent_namespace", text, true},
};

constexpr std::array pending_columns{
    column{"id", text},
    column{"action_type", text},
    column{"memory_id", text, true},
    column{"namespace", text},
    column{"payload", json, false, "{}"},
    column{"requested_by", text},
    column{"requested_at", column_kind::time},
    column{"status", text, false, "pending"},
    column{"decided_by", text, true},
    column{"decided_at", column_kind::time, true},
    column{"approvals", json, false, "[]"},
};

constexpr std::array subscription_columns{
    column{"id", text},
    column{"url", text},
    column{"events", text, false, "*"},
    column{"secret_hash", text, true},
    column{"namespace_filter", text, true},
    column{"agent_filter", text, true},
    column{"created_by", text, true},
    column{"created_at", column_kind::time},
    column{"last_dispatched_at", column_kind::time, true},
    column{"dispatch_count", integer, false, "0"},
    column{"failure_count", integer, false, "0"},
};

constexpr std::array link_columns{
    column{"source_id", text},
    column{"target_id", text},
    column{"relation", text, false, "related_to"},
    column{"created_at", column_kind::time},
};

/// Values in the order of columns.
class value_writer {
 public:
  explicit value_writer(std::size_t columns) { row_.reserve(columns); }
  value_writer& text(const std::string& value) {
    row_.emplace_back(value);
    return *this;
  }
  value_writer& nullable(const std::string& value) { return value.empty() ? null() : text(value); }
  value_writer& optional(bool there, const std::string& value) { return there ? text(value) : null(); }
  value_writer& integer(std::int64_t value) {
    row_.emplace_back(value);
    return *this;
  }
  value_writer& real(double value) {
    row_.emplace_back(value);
    return *this;
  }
  sql_row take() { return std::move(row_); }

 private:
  value_writer& null() {
    row_.emplace_back();
    return *this;
  }
  sql_row row_;
};

/// Takes values in the order of columns; after the first that does not fit, `error` says which.
class value_reader {
 public:
  value_reader(std::span<const column> columns, const sql_row& values) : columns_(columns), values_(values) {}

  std::string text() {
    const auto* value = next<std::string>("text");
    if (value == nullptr) return {};
    if (memory::find_malformed_utf8(*value)) {
      fail("is not UTF-8");
      return {};
    }
    return *value;
  }
  /// Nothing for NULL.
  std::optional<std::string> nullable() {
    if (std::holds_alternative<std::monostate>(values_[at_])) {
      ++at_;
      return std::nullopt;
    }
    return text();
  }
  std::int64_t integer() {
    const auto* value = next<std::int64_t>("an integer");
    return value == nullptr ? 0 : *value;
  }
  int small_integer() {
    const auto value = integer();
    if (value >= std::numeric_limits<int>::min() && value <= std::numeric_limits<int>::max())
      return static_cast<int>(value);
    fail("is out of range");
    return 0;
  }
  double real() {
    if (const auto* whole = std::get_if<std::int64_t>(&values_[at_])) {
      ++at_;
      return static_cast<double>(*whole);
    }
    const auto* value = next<double>("a number");
    return value == nullptr ? 0 : *value;
  }
  const status& error() const { return error_; }

 private:
  template <class T>
  const T* next(const char* what) {
    const auto* value = std::get_if<T>(&values_[at_++]);
    if (value == nullptr) fail(std::string("is not ") + what);
    return value;
  }
  void fail(const std::string& rule) {
    if (error_.ok()) error_ = status(errc::invalid_argument, std::string(columns_[at_ - 1].name) + ' ' + rule);
  }

  std::span<const column> columns_;
  const sql_row& values_;
  std::size_t at_ = 0;
  status error_;
};

std::string json_of_tags(const v1::MemoryRecord& record) {
  std::string out = "[";
  for (const auto& tag : record.tags()) {
    if (out.size() > 1) out += ',';
    memory::append_json_string(out, tag);
  }
  return out + "]";
}

std::string json_of_approvals(const v1::PendingAction& action) {
  std::string out = "[";
  for (const auto& approval : action.approvals()) {
    out += out.size() > 1 ? ",{\"agent_id\":" : "{\"agent_id\":";
    memory::append_json_string(out, approval.agent_id());
    out += ",\"approved_at\":";
    memory::append_json_string(out, approval.approved_at());
    out += '}';
  }
  return out + "]";
}

void add(std::string* remark, const std::string& what) { *remark += (remark->empty() ? "" : "; ") + what; }

/// The texts of a JSON array; what is none counts as an empty one, as ai-memory reads it.
void read_tags(const std::string& text, v1::MemoryRecord* record, std::string* remark) {
  if (text == "[]") return;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  bool good = json.is_array();
  for (std::size_t i = 0; good && i < json.size(); ++i) good = json[i].is_string();
  if (!good) return add(remark, "tags are no list of texts and are taken as none");
  for (const auto& tag : json) record->add_tags(tag.get<std::string>());
}

/// A JSON object; what is none counts as an empty one, as ai-memory reads it.
std::string read_object(std::string text, const char* name, std::string* remark) {
  if (text == "{}" || nlohmann::json::accept(text)) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (text[first] == '{') return text;
  }
  add(remark, std::string(name) + " is no JSON object and is taken as an empty one");
  return "{}";
}

status read_approvals(const std::string& text, v1::PendingAction* action) {
  if (text == "[]") return {};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const status wrong(errc::invalid_argument, "approvals is no list of agent_id and approved_at");
  if (!json.is_array()) return wrong;
  for (const auto& one : json) {
    if (!one.is_object()) return wrong;
    const auto who = one.find("agent_id");
    const auto when = one.find("approved_at");
    if (who == one.end() || when == one.end() || !who->is_string() || !when->is_string()) return wrong;
    auto& approval = *action->add_approvals();
    approval.set_agent_id(who->get<std::string>());
    approval.set_approved_at(when->get<std::string>());
  }
  return {};
}

void write(value_writer& out, const v1::MemoryRecord& m) {
  out.text(m.id()).text(std::string(memory::text_of(m.tier()))).text(m.namespace_()).text(m.title()).text(m.content());
  out.text(json_of_tags(m)).integer(m.priority()).real(m.confidence()).text(m.source()).integer(m.access_count());
  out.text(m.created_at()).text(m.updated_at()).optional(m.has_last_accessed_at(), m.last_accessed_at());
  out.optional(m.has_expires_at(), m.expires_at()).text(m.metadata().empty() ? "{}" : m.metadata());
}

void read(value_reader& in, v1::MemoryRecord* m, std::string* remark) {
  m->set_id(in.text());
  const auto tier = in.text();
  const auto known = memory::tier_of(tier);
  if (!known && in.error().ok()) add(remark, "tier is unknown and is taken as mid");
  m->set_tier(known.value_or(v1::TIER_MID));
  m->set_namespace_(in.text());
  m->set_title(in.text());
  m->set_content(in.text());
  read_tags(in.text(), m, remark);
  m->set_priority(in.small_integer());
  m->set_confidence(in.real());
  m->set_source(in.text());
  m->set_access_count(in.integer());
  m->set_created_at(in.text());
  m->set_updated_at(in.text());
  if (auto time = in.nullable()) m->set_last_accessed_at(std::move(*time));
  if (auto time = in.nullable()) m->set_expires_at(std::move(*time));
  m->set_metadata(read_object(in.text(), "metadata", remark));
}

status read(value_reader& in, v1::PendingAction* p, std::string* remark) {
  p->set_id(in.text());
  p->set_action_type(in.text());
  p->set_memory_id(in.nullable().value_or(""));
  p->set_namespace_(in.text());
  p->set_payload(read_object(in.text(), "payload", remark));
  p->set_requested_by(in.text());
  p->set_requested_at(in.text());
  p->set_status(in.text());
  if (auto by = in.nullable()) p->set_decided_by(std::move(*by));
  if (auto at = in.nullable()) p->set_decided_at(std::move(*at));
  const auto approvals = in.text();
  return in.error().ok() ? read_approvals(approvals, p) : in.error();
}

void read(value_reader& in, v1::Subscription* s) {
  s->set_id(in.text());
  s->set_url(in.text());
  s->set_events(in.text());
  s->set_secret_hash(in.nullable().value_or(""));
  s->set_namespace_filter(in.nullable().value_or(""));
  s->set_agent_filter(in.nullable().value_or(""));
  s->set_created_by(in.nullable().value_or(""));
  s->set_created_at(in.text());
  s->set_last_dispatched_at(in.nullable().value_or(""));
  s->set_dispatch_count(in.integer());
  s->set_failure_count(in.integer());
}

}  // namespace

std::span<const column> columns_of(table which) {
  switch (which) {
    case table::memories: return memory_columns;
    case table::archive: return archive_columns;
    case table::standards: return standard_columns;
    case table::pending: return pending_columns;
    case table::subscriptions: return subscription_columns;
    case table::links: break;
  }
  return link_columns;
}

std::size_t key_columns_of(table which) { return which == table::links ? 3 : 1; }

sql_row to_sql(const v1::TransferRow& row) {
  const auto which = memory::table_of(row);
  value_writer out(columns_of(which).size() + 1);
  switch (which) {
    case table::memories: write(out, row.memory()); break;
    case table::archive:
      write(out, row.archived().memory());
      out.text(row.archived().archived_at()).text(row.archived().archive_reason());
      break;
    case table::standards: {
      const auto& s = row.standard();
      out.text(s.namespace_()).nullable(s.standard_id()).text(s.updated_at()).nullable(s.parent_namespace());
      break;
    }
    case table::pending: {
      const auto& p = row.pending();
      out.text(p.id()).text(p.action_type()).nullable(p.memory_id()).text(p.namespace_());
      out.text(p.payload().empty() ? "{}" : p.payload()).text(p.requested_by()).text(p.requested_at()).text(p.status());
      out.optional(p.has_decided_by(), p.decided_by()).optional(p.has_decided_at(), p.decided_at());
      out.text(json_of_approvals(p));
      break;
    }
    case table::subscriptions: {
      const auto& s = row.subscription();
      out.text(s.id()).text(s.url()).text(s.events()).nullable(s.secret_hash()).nullable(s.namespace_filter());
      out.nullable(s.agent_filter()).nullable(s.created_by()).text(s.created_at()).nullable(s.last_dispatched_at());
      out.integer(s.dispatch_count()).integer(s.failure_count());
      break;
    }
    case table::links: {
      const auto& l = row.link();
      out.text(l.source_id()).text(l.target_id()).text(l.relation()).text(l.created_at());
      break;
    }
  }
  return out.take();
}

result<v1::TransferRow> from_sql(table which, const sql_row& values, std::string* remark) {
  v1::TransferRow row;
  value_reader in(columns_of(which), values);
  switch (which) {
    case table::memories: read(in, row.mutable_memory(), remark); break;
    case table::archive:
      read(in, row.mutable_archived()->mutable_memory(), remark);
      row.mutable_archived()->set_archived_at(in.text());
      row.mutable_archived()->set_archive_reason(in.text());
      break;
    case table::standards: {
      auto& s = *row.mutable_standard();
      s.set_namespace_(in.text());
      s.set_standard_id(in.nullable().value_or(""));
      s.set_updated_at(in.text());
      s.set_parent_namespace(in.nullable().value_or(""));
      break;
    }
    case table::pending:
      if (status wrong = read(in, row.mutable_pending(), remark); !wrong) return wrong;
      break;
    case table::subscriptions: read(in, row.mutable_subscription()); break;
    case table::links:
      row.mutable_link()->set_source_id(in.text());
      row.mutable_link()->set_target_id(in.text());
      row.mutable_link()->set_relation(in.text());
      row.mutable_link()->set_created_at(in.text());
      break;
  }
  if (!in.error().ok()) return in.error();
  return row;
}

}  // namespace quorate::cli::migrate
