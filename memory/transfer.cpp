#include "memory/transfer.hpp"

#include <algorithm>
#include <array>

#include "memory/agent_identity.hpp"
#include "memory/governance.hpp"
#include "memory/json_value.hpp"
#include "memory/key.hpp"
#include "memory/stored_value.hpp"
#include "memory/subscriptions.hpp"
#include "memory/text.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "memory/webhook_url.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

// Bounds of what no other rule bounds.
constexpr std::size_t short_text_bytes_max = 512;
constexpr std::size_t payload_bytes_max = 384u << 10;
constexpr int approvals_max = 256;
static_assert(payload_bytes_max + approvals_max * (agent_id_bytes_max + timestamp_bytes_max + 16)
                  + 8 * short_text_bytes_max + namespace_bytes_max + limits::id_bytes_max
              < limits::entry_bytes_max);
static_assert(2 * namespace_bytes_max + url_bytes_max + 8 * short_text_bytes_max < limits::entry_bytes_max);

constexpr std::size_t piece_rows_max = 500;
constexpr std::size_t piece_bytes = 256u << 10;
// So many pages are read for one piece: of links, whole pages may not show.
constexpr int piece_pages_max = 8;

key_kind kind_of(table which) {
  switch (which) {
    case table::archive: return key_kind::archived;
    case table::standards: return key_kind::standard;
    case table::pending: return key_kind::pending;
    case table::subscriptions: return key_kind::subscription;
    case table::links: return key_kind::link;
    case table::memories: break;
  }
  return key_kind::memory;
}

record_key key_of_row(const v1::TransferRow& row) {
  if (row.has_memory()) return key_of(row.memory().namespace_(), row.memory().title());
  return {kind_of(table_of(row)), identity_of(row)};
}

/// The first failure.
template <class... Checks>
status first_broken(const Checks&... checks) {
  status broken;
  (void)((broken = checks(), broken.ok()) && ...);
  return broken;
}

status check_text(const char* field, std::string_view text, std::size_t bytes_max = short_text_bytes_max) {
  if (text.size() > bytes_max)
    return status::invalid(
        field, "must have at most " + std::to_string(bytes_max) + " bytes, got " + std::to_string(text.size()));
  if (find_fault(text))
    return status::invalid(field, "must be UTF-8 without control characters other than \\n and \\t");
  return {};
}

status check_id(const char* field, const std::string& id) {
  if (status broken = validate_id(id); !broken) return status::invalid(field, broken.context());
  return {};
}

status check_namespace(const char* field, const std::string& name_space) {
  if (status broken = validate_namespace(name_space); !broken) return status::invalid(field, broken.context());
  return {};
}

status check_one_of(const char* field, const std::string& text, std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), text) != known.end()) return {};
  std::string rule = "must be one of";
  for (const auto name : known) rule.append(name == *known.begin() ? " " : ", ").append(name);
  return status::invalid(field, rule);
}

status check_count(const char* field, std::int64_t count) {
  if (count >= 0) return {};
  return status::invalid(field, "must be 0 or more, got " + std::to_string(count));
}

status check_object(const char* field, const std::string& text) {
  if (text.size() > payload_bytes_max)
    return status::invalid(
        field, "must have at most " + std::to_string(payload_bytes_max) + " bytes, got " + std::to_string(text.size()));
  const auto value = json_value(text);
  if (!value || value->front() != '{') return status::invalid(field, "must be a JSON object");
  return {};
}

// The checks of each sort of row. What is not to be stored is taken off on the way.

status check(v1::MemoryRecord* record) {
  if (status broken = validate_id(record->id()); !broken) return broken;
  // Without a time of its own it would be another record each time it is imported.
  if (record->created_at().empty() && record->updated_at().empty()) return validate_timestamp("", "created_at");
  const bool long_until = record->tier() == v1::TIER_LONG && record->has_expires_at();
  v1::StoreRequest request;
  request.set_full_record(true);
  *request.mutable_memory() = std::move(*record);
  auto prepared = prepare(std::move(request), 0);
  if (!prepared) return prepared.error();
  if (long_until)
    return status::invalid("expires_at", "must not be set on a record of tier long: a long record never expires here");
  *record = std::move(*prepared);
  return {};
}

status check(v1::ArchivedMemory* archived) {
  if (status broken = check(archived->mutable_memory()); !broken) return broken;
  // The priority has all these uses in it; a record that is restored counts on from there.
  archived->mutable_memory()->set_priority_base_count(archived->memory().access_count());
  return first_broken([&] { return validate_timestamp(archived->archived_at(), "archived_at"); },
                      [&] { return check_text("archive_reason", archived->archive_reason()); });
}

status check(v1::Standard* standard) {
  // What is filled in from the record is not stored.
  standard->clear_found();
  standard->clear_title();
  standard->clear_content();
  standard->clear_priority();
  standard->clear_governance();
  return first_broken(
      [&] { return validate_namespace(standard->namespace_()); },
      // ai-memory may keep a parent where no record is set.
      [&] { return standard->standard_id().empty() ? status() : check_id("standard_id", standard->standard_id()); },
      [&] {
        return standard->parent_namespace().empty() ? status()
                                                    : check_namespace("parent_namespace", standard->parent_namespace());
      },
      [&] { return validate_timestamp(standard->updated_at(), "updated_at"); });
}

status check(const v1::PendingAction::Approval& approval) {
  return first_broken([&] { return check_text("approvals", approval.agent_id(), agent_id_bytes_max); },
                      [&] { return validate_timestamp(approval.approved_at(), "approvals"); });
}

status check(v1::PendingAction* action) {
  status broken = first_broken(
      [&] { return validate_id(action->id()); },
      [&] {
        return check_one_of(
            "action_type", action->action_type(),
            {name_of(governed_action::store), name_of(governed_action::remove), name_of(governed_action::promote)});
      },
      [&] { return action->memory_id().empty() ? status() : check_id("memory_id", action->memory_id()); },
      [&] { return validate_namespace(action->namespace_()); },
      [&] { return check_object("payload", action->payload()); },
      [&] { return check_text("requested_by", action->requested_by()); },
      [&] { return validate_timestamp(action->requested_at(), "requested_at"); },
      [&] {
        return check_one_of("status", action->status(), {"pending", "approved", "rejected"});
      },
      [&] { return check_text("decided_by", action->decided_by()); },
      [&] { return action->has_decided_at() ? validate_timestamp(action->decided_at(), "decided_at") : status(); },
      [&] {
        if (action->approvals_size() <= approvals_max) return status();
        return status::invalid("approvals", "must have at most " + std::to_string(approvals_max) + " entries, got "
                                                + std::to_string(action->approvals_size()));
      });
  if (!broken) return broken;
  for (const auto& approval : action->approvals())
    if (status wrong = check(approval); !wrong) return wrong;
  return {};
}

status check(v1::Subscription* subscription) {
  return first_broken([&] { return validate_id(subscription->id()); },
                      [&] { return validate_webhook_url(subscription->url()); },
                      [&] { return check_text("events", subscription->events()); },
                      [&] { return check_text("secret_hash", subscription->secret_hash()); },
                      [&] {
                        return subscription->namespace_filter().empty()
                                   ? status()
                                   : check_namespace("namespace_filter", subscription->namespace_filter());
                      },
                      [&] { return check_text("agent_filter", subscription->agent_filter()); },
                      [&] { return check_text("created_by", subscription->created_by()); },
                      [&] { return validate_timestamp(subscription->created_at(), "created_at"); },
                      [&] {
                        return subscription->last_dispatched_at().empty()
                                   ? status()
                                   : validate_timestamp(subscription->last_dispatched_at(), "last_dispatched_at");
                      },
                      [&] { return check_count("dispatch_count", subscription->dispatch_count()); },
                      [&] { return check_count("failure_count", subscription->failure_count()); });
}

status check(v1::LinkRecord* link) {
  link->clear_source_life();
  link->clear_target_life();
  return first_broken([&] { return check_id("source_id", link->source_id()); },
                      [&] { return check_id("target_id", link->target_id()); },
                      [&] {
                        if (link->source_id() != link->target_id()) return status();
                        return status::invalid("target_id", "must not be the source: a record has no link to itself");
                      },
                      [&] { return validate_relation(link->relation()); },
                      [&] { return validate_timestamp(link->created_at(), "created_at"); });
}

status check_set(v1::TransferRow* row) {
  switch (table_of(*row)) {
    case table::memories: return check(row->mutable_memory());
    case table::archive: return check(row->mutable_archived());
    case table::standards: return check(row->mutable_standard());
    case table::pending: return check(row->mutable_pending());
    case table::subscriptions: return check(row->mutable_subscription());
    case table::links: break;
  }
  return check(row->mutable_link());
}

/// As it is stored, counts of use and lives of ends included.
result<v1::TransferRow> parse_row(table which, const record_key& key, const stored_record& stored) {
  v1::TransferRow row;
  const auto read = [&] {
    switch (which) {
      case table::memories: return read_value(key, stored, row.mutable_memory());
      case table::archive: return read_value(key, stored, row.mutable_archived());
      case table::standards: return read_value(key, stored, row.mutable_standard());
      case table::pending: return read_value(key, stored, row.mutable_pending());
      case table::subscriptions: return read_value(key, stored, row.mutable_subscription());
      case table::links: break;
    }
    return read_value(key, stored, row.mutable_link());
  };
  if (status none = read(); !none) return none;
  return row;
}

/// As much of it as is text.
std::string text_in(std::string_view bytes) { return find_fault(bytes) ? std::string() : std::string(bytes); }

/// Says of a row that its value is none.
v1::LeftOut without_value(table which, const record_key& key, const stored_record& stored) {
  v1::LeftOut left_out;
  left_out.set_unreadable(std::string(name_of(which)));
  if (which != table::memories) {
    auto readable = key.bytes;
    std::replace(readable.begin(), readable.end(), '\0', ' ');  // between the ends of a link
    left_out.set_id(text_in(readable));
    return left_out;
  }
  const std::string_view bytes = key.bytes;
  const auto end = std::min(bytes.find('\0'), bytes.size());
  left_out.set_id(text_in(stored.alias));
  left_out.mutable_name()->set_namespace_(text_in(bytes.substr(0, end)));
  left_out.mutable_name()->set_title(text_in(bytes.substr(std::min(end + 1, bytes.size()))));
  return left_out;
}

void clear_unshown(v1::TransferRow* row) {
  if (row->has_memory()) clear_internal(row->mutable_memory());
  if (row->has_archived()) clear_internal(row->mutable_archived()->mutable_memory());
  if (row->has_link()) {
    row->mutable_link()->clear_source_life();
    row->mutable_link()->clear_target_life();
  }
}

/// Says of a record that its id is that of a later one, if it is.
result<std::optional<v1::LeftOut>> find_later(const record_reader& now, const record_key& key,
                                              const v1::MemoryRecord& record) {
  const auto keys = now.find(key_kind::memory, record.id());
  if (!keys) return keys.error();
  if (keys->size() < 2) return std::optional<v1::LeftOut>();
  const auto newest = find_record(now, record.id(), nullptr);
  if (!newest) return newest.error();
  if (newest->key == key) return std::optional<v1::LeftOut>();
  std::optional<v1::LeftOut> left_out(std::in_place);
  left_out->set_id(record.id());
  left_out->mutable_name()->set_namespace_(record.namespace_());
  left_out->mutable_name()->set_title(record.title());
  left_out->mutable_later()->set_namespace_(newest->record.namespace_());
  left_out->mutable_later()->set_title(newest->record.title());
  return left_out;
}

/// Whether any record was ever used. The rows of deliveries come before those of records: no id begins with a control
/// character as theirs do.
result<bool> any_use(const record_reader& now) {
  const auto page = now.scan(key_kind::usage, {}, "\x02", 1, 1);
  if (!page) return page.error();
  return !page->records.empty() || page->next.has_value();
}

/// What an import leaves as it is, and what the answer says then.
std::optional<import_outcome> reason_to_leave(const std::optional<v1::TransferRow>& there,
                                              const v1::TransferRow& incoming) {
  if (!there) return std::nullopt;
  if (content_hash(*there) == content_hash(incoming)) return import_outcome::unchanged;
  if (time_of(*there) > time_of(incoming)) return import_outcome::kept;
  return std::nullopt;
}

/// `record` as a reader is to see it becomes what is to be stored over the uses that its life has; the return value is
/// what a reader then sees.
result<v1::TransferRow> take_off_use(const record_reader& now, v1::MemoryRecord* record, std::int64_t at_ms) {
  auto usage = usage_of(now, *record);
  if (!usage) return usage.error();
  record->set_access_count(std::max<std::int64_t>(record->access_count() - usage->count, 0));
  // Whatever all these uses do to a priority they have done to this one.
  record->set_priority_base_count(record->access_count() + usage->count);
  if (usage->alive_until_ms > 0) {
    record->set_expiry_set_ms(std::max(at_ms, usage->last_accessed_ms));
    usage->alive_until_ms = 0;
  }
  v1::TransferRow shown;
  *shown.mutable_memory() = *record;
  apply_usage(*usage, shown.mutable_memory());
  return shown;
}

status import_memory(const record_reader& now, const v1::MemoryRecord& incoming,
                     const std::optional<v1::TransferRow>& there, const version& stamp, planned_import* plan) {
  mutation put = put_record(incoming);
  const auto holder = now.get(put.key);
  if (!holder) return holder.error();
  if (holds_record(put.key, *holder) && (*holder)->alias != incoming.id())
    return {errc::already_exists, "its name is that of the record " + (*holder)->alias};
  // Of records, and of what has the id and is none.
  const auto present_keys = now.find(key_kind::memory, incoming.id());
  if (!present_keys) return present_keys.error();
  v1::MemoryRecord record = incoming;
  if (there) {
    const auto found = find_record(now, incoming.id(), nullptr);
    if (!found) return found.error();
    record.set_life(found->record.life());
  } else if (*holder) {
    record.set_life((*holder)->stamp.time);
  }
  const auto shown = take_off_use(now, &record, static_cast<std::int64_t>(milliseconds_of(stamp.time)));
  if (!shown) return shown.error();
  if (there && content_hash(*shown) == content_hash(*there)) {
    plan->outcome = import_outcome::unchanged;
    return {};
  }
  for (const auto& key : *present_keys)
    if (key != put.key) plan->mutations.push_back({key, true, {}, {}});
  put.value = record.SerializeAsString();
  plan->mutations.push_back(std::move(put));
  return {};
}

status import_subscription(const record_reader& now, const v1::TransferRow& incoming,
                           const std::optional<v1::TransferRow>& there, planned_import* plan) {
  v1::Subscription subscription = incoming.subscription();
  if (status failed = take_off_deliveries(now, &subscription); !failed) return failed;
  v1::TransferRow shown;
  *shown.mutable_subscription() = subscription;
  if (status failed = present(now, shown.mutable_subscription()); !failed) return failed;
  if (there && content_hash(shown) == content_hash(*there)) {
    plan->outcome = import_outcome::unchanged;
    return {};
  }
  plan->mutations.push_back({key_of_row(incoming), false, {}, subscription.SerializeAsString()});
  return {};
}

status import_link(const record_reader& now, const v1::LinkRecord& link, planned_import* plan) {
  std::array<v1::MemoryRecord, 2> ends;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto& id = i == 0 ? link.source_id() : link.target_id();
    auto found = find_record(now, id, nullptr);
    if (!found && (found.error().code() == errc::not_found || is_unreadable(found.error())))
      return {errc::not_found, std::string("no live record has its ") + (i == 0 ? "source_id " : "target_id ") + id};
    if (!found) return found.error();
    ends[i] = std::move(found->record);
  }
  plan->mutations.push_back(put_link(ends[0], ends[1], link.relation(), link.created_at()));
  return {};
}

status import_changes(const record_reader& now, const v1::TransferRow& row, const std::optional<v1::TransferRow>& there,
                      const version& stamp, planned_import* plan) {
  const auto put = [&](const std::string& alias, const google::protobuf::MessageLite& value) {
    plan->mutations.push_back({key_of_row(row), false, alias, value.SerializeAsString()});
    return status();
  };
  switch (table_of(row)) {
    case table::memories: return import_memory(now, row.memory(), there, stamp, plan);
    case table::archive: return put({}, row.archived());
    case table::standards: return put(row.standard().standard_id(), row.standard());
    case table::pending: return put({}, row.pending());
    case table::subscriptions: return import_subscription(now, row, there, plan);
    case table::links: break;
  }
  return import_link(now, row.link(), plan);
}

}  // namespace

result<v1::TransferRow> prepare_row(v1::TransferRow&& row) {
  if (row.row_case() == v1::TransferRow::ROW_NOT_SET)
    return status::invalid("row", "must be a memory, archived, standard, pending, subscription or link");
  v1::TransferRow prepared = std::move(row);
  prepared.DiscardUnknownFields();
  if (status broken = check_set(&prepared); !broken) return broken;
  return prepared;
}

result<planned_import> plan_import_row(const record_reader& now, const v1::TransferRow& prepared,
                                       const version& stamp) {
  const auto there = read_row(now, prepared);
  if (!there) return there.error();
  planned_import plan;
  plan.id = identity_of(prepared);
  plan.created = !*there;
  if (const auto outcome = reason_to_leave(*there, prepared)) {
    plan.outcome = *outcome;
    return plan;
  }
  if (status failed = import_changes(now, prepared, *there, stamp, &plan); !failed) return failed;
  return plan;
}

std::vector<record_key> keys_of_import(const record_reader& now, const v1::TransferRow& prepared) {
  std::vector<record_key> keys{key_of_row(prepared)};
  if (!prepared.has_memory()) return keys;
  const auto others = now.find(key_kind::memory, prepared.memory().id());
  if (!others) return keys;
  for (const auto& key : *others)
    if (key != keys.front()) keys.push_back(key);
  return keys;
}

result<std::optional<v1::TransferRow>> read_row(const record_reader& now, const v1::TransferRow& identity) {
  const auto nothing = std::optional<v1::TransferRow>();
  if (identity.has_memory()) {
    if (!validate_id(identity.memory().id())) return nothing;
    auto found = find_record(now, identity.memory().id(), nullptr);
    if (!found && (found.error().code() == errc::not_found || is_unreadable(found.error()))) return nothing;
    if (!found) return found.error();
    std::optional<v1::TransferRow> row(std::in_place);
    if (status failed = present(now, &found->record); !failed) return failed;
    *row->mutable_memory() = std::move(found->record);
    clear_unshown(&*row);
    return row;
  }
  const auto key = key_of_row(identity);
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  if (!*stored || (*stored)->deleted) return nothing;
  auto row = parse_row(table_of(identity), key, **stored);
  if (!row) return nothing;
  if (row->has_subscription())
    if (status failed = present(now, row->mutable_subscription()); !failed) return failed;
  if (row->has_link()) {
    const auto shows = link_reader(now).shows(row->link());
    if (!shows) return shows.error();
    if (!*shows) return nothing;
  }
  clear_unshown(&*row);
  return std::optional(std::move(*row));
}

status export_walk::start_after(std::string_view cursor) {
  if (cursor.empty()) return {};
  const auto number = static_cast<std::size_t>(static_cast<unsigned char>(cursor.front()));
  if (number > all_tables.size()) return status::invalid("cursor", "must be that of a piece of an export");
  table_ = number;
  after_ = cursor.substr(1);
  return {};
}

result<std::optional<v1::ExportPiece>> export_walk::next() {
  v1::ExportPiece piece;
  std::size_t bytes = 0;
  auto left_out_of = table::memories;
  for (int pages = 0; pages < piece_pages_max && table_ < all_tables.size(); ++pages) {
    const auto rows = static_cast<std::size_t>(piece.rows_size());
    if (rows >= piece_rows_max || bytes >= piece_bytes) break;
    const auto which = all_tables[table_];
    // So that what is left out of a table is told beside rows of that table only.
    if (piece.left_out_size() > 0 && which != left_out_of) break;
    left_out_of = which;
    auto page = now_.scan(kind_of(which), {}, after_, piece_rows_max - rows, piece_bytes - bytes);
    if (!page) return page.error();
    for (const auto& [key, stored] : page->records) {
      bytes += stored.value.size();
      if (status failed = add(which, key, stored, &piece); !failed) return failed;
    }
    if (!page->next) ++table_;
    after_ = std::move(page->next).value_or(std::string());
  }
  if (piece.rows().empty() && piece.left_out().empty() && table_ == all_tables.size())
    return std::optional<v1::ExportPiece>();
  piece.set_cursor(static_cast<char>(table_) + after_);
  return std::optional(std::move(piece));
}

status export_walk::add(table which, const record_key& key, const stored_record& stored, v1::ExportPiece* piece) {
  auto row = parse_row(which, key, stored);
  if (!row) {
    *piece->add_left_out() = without_value(which, key, stored);
    return {};
  }
  if (row->has_memory()) {
    auto left_out = find_later(now_, key, row->memory());
    if (!left_out) return left_out.error();
    if (*left_out) {
      *piece->add_left_out() = std::move(**left_out);
      return {};
    }
    if (status failed = show(row->mutable_memory()); !failed) return failed;
  }
  if (row->has_subscription())
    if (status failed = present(now_, row->mutable_subscription()); !failed) return failed;
  if (row->has_link()) {
    const auto shows = links_.shows(row->link());
    if (!shows) return shows.error();
    if (!*shows) return {};
  }
  clear_unshown(&*row);
  *piece->add_rows() = std::move(*row);
  return {};
}

status export_walk::show(v1::MemoryRecord* record) {
  if (!any_use_) {
    const auto any = any_use(now_);
    if (!any) return any.error();
    any_use_ = *any;
  }
  if (*any_use_) return present(now_, record);
  apply_usage({}, record);
  return {};
}

}  // namespace quorate::memory
