#include "memory/links.hpp"

#include <algorithm>

#include "memory/enum_names.hpp"
#include "memory/stored_value.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

constexpr std::string_view default_relation = "related_to";
// Links are walked by their source, so few of those that are forgotten are asked for again.
constexpr std::size_t ends_remembered_max = 10'000;
// A cursor is one of these and the key of the last link.
constexpr char among_sources = 's';
constexpr char among_targets = 't';

std::string prefix_of_source(std::string_view id) {
  std::string prefix(id);
  prefix.push_back('\0');
  return prefix;
}

result<found_record> end_of_link(const record_reader& now, const std::string& id, std::string_view which) {
  auto found = find_record(now, id, nullptr);
  if (!found && found.error().code() == errc::not_found)
    return status(errc::not_found, "no live record has the id given as " + std::string(which));
  return found;
}

status validate(const v1::LinkRequest& request) {
  for (const auto& [field, id] : {std::pair{"source_id", &request.source_id()}, {"target_id", &request.target_id()}})
    if (status broken = validate_id(*id); !broken) return status::invalid(field, broken.context());
  if (request.source_id() == request.target_id())
    return status::invalid("target_id", "must not be the source: a record has no link to itself");
  if (!request.relation().empty())
    if (status broken = validate_relation(request.relation()); !broken) return broken;
  return request.created_at().empty() ? status() : validate_timestamp(request.created_at(), "created_at");
}

/// Deletes the rows, as long as there is room. The links of other kinds of the same key are none of ours.
void remove(std::vector<record_key>&& keys, std::size_t most, std::vector<mutation>* changes) {
  for (auto& key : keys) {
    if (most-- == 0) return;
    changes->push_back({std::move(key), true, {}, {}});
  }
}

}  // namespace

std::span<const std::string> relation_names() {
  static const std::vector<std::string> names = names_of(*v1::Relation_descriptor(), "RELATION_");
  return names;
}

status validate_relation(std::string_view relation) {
  const auto names = relation_names();
  if (std::find(names.begin(), names.end(), relation) != names.end()) return {};
  return status::invalid("relation", one_of({names.begin(), names.end()}));
}

record_key link_key(std::string_view source_id, std::string_view target_id, std::string_view relation) {
  record_key key{key_kind::link, prefix_of_source(source_id)};
  key.bytes.append(target_id).append(1, '\0').append(relation);
  return key;
}

mutation put_link(const v1::MemoryRecord& source, const v1::MemoryRecord& target, std::string_view relation,
                  const std::string& created_at) {
  v1::LinkRecord link;
  link.set_source_id(source.id());
  link.set_target_id(target.id());
  link.set_relation(std::string(relation));
  link.set_created_at(created_at);
  link.set_source_life(source.life());
  link.set_target_life(target.life());
  return {link_key(source.id(), target.id(), relation), false, target.id(), link.SerializeAsString()};
}

result<planned_write> plan_link(const record_reader& now, const v1::LinkRequest& request, std::int64_t now_ms) {
  if (status broken = validate(request); !broken) return broken;
  const auto source = end_of_link(now, request.source_id(), "source_id");
  if (!source) return source.error();
  const auto target = end_of_link(now, request.target_id(), "target_id");
  if (!target) return target.error();
  const std::string_view relation = request.relation().empty() ? default_relation : request.relation();
  std::string created_at = request.created_at().empty() ? format_timestamp(now_ms) : request.created_at();
  planned_write plan;
  plan.created = true;
  const auto key = link_key(request.source_id(), request.target_id(), relation);
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  v1::LinkRecord held;
  if (*stored && !(*stored)->deleted && read_value(key, **stored, &held)) {
    plan.created = held.source_life() != source->record.life() || held.target_life() != target->record.life();
    if (!plan.created) created_at = held.created_at();
  }
  plan.id = request.source_id();
  // A link that was there is put again as it is, so that the answer says who has it.
  plan.mutations.push_back(put_link(source->record, target->record, relation, created_at));
  return plan;
}

struct link_reader::page {
  std::size_t links_max = 0;
  std::string after;  ///< key bytes to go on behind; empty = from the start
  std::vector<v1::LinkRecord> links;
  std::optional<std::string> last;  ///< key of the last link taken, when there may be more behind it
  bool full() const { return links.size() >= links_max; }
};

result<bool> link_reader::holds(const std::string& id, std::uint64_t life) {
  auto known = lives_.find(id);
  if (known == lives_.end()) {
    const auto found = find_record(now_, id, nullptr);
    const bool none = !found && (found.error().code() == errc::not_found || is_unreadable(found.error()));
    if (!found && !none) return found.error();
    if (lives_.size() >= ends_remembered_max) lives_.clear();
    known = lives_.emplace(id, found ? std::optional(found->record.life()) : std::nullopt).first;
  }
  return known->second == life;
}

result<bool> link_reader::shows(const v1::LinkRecord& link) {
  auto source = holds(link.source_id(), link.source_life());
  if (!source || !*source) return source;
  return holds(link.target_id(), link.target_life());
}

status link_reader::add(const record_key& key, const stored_record& stored, page* out) {
  auto link = value_of<v1::LinkRecord>(key, stored);
  if (!link) return {};  // it is none, and shows none
  const auto shown = shows(*link);
  if (!shown) return shown.error();
  if (!*shown) return {};
  link->clear_source_life();
  link->clear_target_life();
  out->links.push_back(std::move(*link));
  if (out->full()) out->last = key.bytes;
  return {};
}

status link_reader::list_all(page* out) { return list_sources({}, out); }

status link_reader::list_sources(std::string_view id, page* out) {
  const std::string prefix = id.empty() ? std::string() : prefix_of_source(id);
  for (std::optional<std::string> after = out->after; after;) {
    auto rows = now_.scan(key_kind::link, prefix, *after, limits::page_items_max, limits::page_bytes_max);
    if (!rows) return rows.error();
    for (const auto& [key, stored] : rows->records) {
      if (out->full()) return {};
      if (status failed = add(key, stored, out); !failed) return failed;
    }
    after = std::move(rows->next);
  }
  // Nothing is left behind a page that is full just now.
  out->last.reset();
  return {};
}

status link_reader::list_targets(std::string_view id, page* out) {
  const auto keys = now_.find(key_kind::link, id);
  if (!keys) return keys.error();
  for (const auto& key : *keys) {
    if (key.bytes <= out->after) continue;
    if (out->full()) return {};
    const auto stored = now_.get(key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted) continue;
    if (status failed = add(key, **stored, out); !failed) return failed;
  }
  out->last.reset();
  return {};
}

result<std::vector<v1::LinkRecord>> link_reader::of(std::string_view id) {
  page all;
  all.links_max = static_cast<std::size_t>(-1);
  if (status failed = list_sources(id, &all); !failed) return failed;
  all.after.clear();
  if (status failed = list_targets(id, &all); !failed) return failed;
  return std::move(all.links);
}

result<v1::ListLinksReply> link_reader::list(const v1::ListLinksRequest& request) {
  if (!request.id().empty())
    if (status broken = validate_id(request.id()); !broken) return broken;
  if (request.limit() > limits::page_items_max)
    return status::invalid("limit", "must be at most " + std::to_string(limits::page_items_max) + ", got "
                                        + std::to_string(request.limit()));
  page out;
  out.links_max = request.limit() == 0 ? limits::page_items_max : request.limit();
  char part = among_sources;
  if (!request.cursor().empty()) {
    part = request.cursor().front();
    const bool known = part == among_sources || (part == among_targets && !request.id().empty());
    if (!known) return status::invalid("cursor", "must be the next_cursor of an answer to the same request");
    out.after = request.cursor().substr(1);
  }
  v1::ListLinksReply reply;
  if (part == among_sources) {
    if (status failed = request.id().empty() ? list_all(&out) : list_sources(request.id(), &out); !failed)
      return failed;
    if (!out.last && !request.id().empty()) {
      part = among_targets;
      out.after.clear();
      // Full, and it may go on among the targets: from their start.
      if (out.full()) out.last = std::string();
    }
  }
  if (part == among_targets && !out.full())
    if (status failed = list_targets(request.id(), &out); !failed) return failed;
  for (auto& link : out.links) *reply.add_links() = std::move(link);
  if (out.last) reply.set_next_cursor(part + *out.last);
  return reply;
}

status plan_cascade(const record_reader& now, std::string_view id, std::size_t links_max,
                    std::vector<mutation>* changes) {
  auto standards = now.find(key_kind::standard, id);
  if (!standards) return standards.error();
  remove(std::move(*standards), cascade_links_max, changes);
  auto from_here =
      now.scan(key_kind::link, prefix_of_source(id), {}, std::max<std::size_t>(links_max, 1), limits::page_bytes_max);
  if (!from_here) return from_here.error();
  std::vector<record_key> links;
  for (auto& [key, stored] : from_here->records) links.push_back(std::move(key));
  auto to_here = now.find(key_kind::link, id);
  if (!to_here) return to_here.error();
  links.insert(links.end(), std::make_move_iterator(to_here->begin()), std::make_move_iterator(to_here->end()));
  remove(std::move(links), links_max, changes);
  return {};
}

}  // namespace quorate::memory
