#include "actors/indexer.hpp"

#include "actors/actor_defaults.hpp"
#include "actors/log.hpp"
#include "memory/stored_value.hpp"
#include "memory/usage.hpp"
#include "memory/word_index.hpp"
#include "proto/entry_codec.hpp"

namespace quorate {

namespace {

// Small, because searches wait while what came of one is put into the index.
constexpr std::size_t page_records = 256;
constexpr std::size_t step_bytes = 64u << 10;
constexpr std::size_t page_uses = 1'000;

std::string id_of_use(const std::string& usage_key) { return usage_key.substr(0, usage_key.find('\0')); }

}  // namespace

result<bool> indexer_state::on_wake() {
  switch (phase_) {
    case phase::idle:
      if (!context->words.wanted()) return false;
      // Until the writer has opened the store nobody knows how far the logs go.
      if (context->facts.live_log() == log_id{}) {
        context->words.await_news();
        if (context->facts.live_log() == log_id{}) return false;
      }
      context->words.clear();
      // Before the first record is read: what changes meanwhile is read again.
      aim();
      covered_ = target_;
      began_us_ = context->time.steady_us();
      phase_ = phase::reading_uses;
      return true;
    case phase::reading_uses: return read_uses();
    case phase::reading: return read_page();
    case phase::following: return follow();
  }
  return false;
}

result<bool> indexer_state::read_uses() {
  const auto page = context->store.scan(key_kind::usage, {}, cursor_, page_uses, limits::page_bytes_max);
  if (!page) return page.error();
  for (const auto& [key, stored] : page->records) used_ids_.insert(id_of_use(key.bytes));
  cursor_ = page->next.value_or(std::string());
  if (!page->next) phase_ = phase::reading;
  return true;
}

result<bool> indexer_state::read_page() {
  const auto page = context->store.scan(key_kind::memory, {}, cursor_, page_records, step_bytes);
  if (!page) return page.error();
  memory::index_changes changes;
  for (const auto& [key, stored] : page->records)
    if (auto indexed = index(key.bytes, stored, &changes); !indexed) return indexed;
  records_read_ += changes.put.size();
  context->words.apply(std::move(changes));
  if (page->next) {
    cursor_ = *page->next;
    return true;
  }
  logging::event(logging::level::info, "words.indexed",
                 {{"records", static_cast<std::int64_t>(records_read_)},
                  {"took_ms", (context->time.steady_us() - began_us_) / 1000}});
  phase_ = phase::following;
  context->words.cover(covered_, target_change_);
  return true;
}

void indexer_state::aim() {
  if (!covered_.covers(target_)) return;
  // In this order: the vector is at least what it was at that change.
  target_change_ = context->facts.change();
  target_ = context->facts.vector();
}

result<bool> indexer_state::follow() {
  aim();
  auto news = target_.beyond(covered_);
  if (news.empty()) {
    // In this order: what comes after the second look rings.
    context->words.await_news();
    aim();
    news = target_.beyond(covered_);
    // A change that brought nothing, such as the writer's new life, is waited for, too.
    if (news.empty()) {
      context->words.cover(covered_, target_change_);
      return false;
    }
  }
  changed_keys changed;
  for (const auto& upto : news)
    if (auto followed = follow_log(upto.position, &changed); !followed) return followed;
  if (auto indexed = index(changed); !indexed) return indexed;
  if (covered_.covers(target_)) context->words.cover(covered_, target_change_);
  return true;
}

status indexer_state::follow_log(const log_position& upto, changed_keys* changed) {
  const auto entries = context->store.read_log(upto.log, covered_.at(upto.log) + 1, step_bytes);
  if (!entries) return entries.error();
  if (entries->empty()) return {errc::internal, "a log ends before the vector does"};
  for (const auto& encoded : *entries) {
    const auto content = decode_entry(*encoded.bytes);
    // It was checked before it was stored, and has its checksum.
    if (!content)
      return status(errc::corruption, "entry " + std::to_string(encoded.sequence) + " of log "
                                          + std::to_string(to_number(upto.log.origin)) + "/"
                                          + std::to_string(upto.log.epoch) + ": " + content.error().context());
    for (const auto& change : content->mutations) {
      if (change.key.kind == key_kind::memory) changed->records.insert(change.key.bytes);
      if (change.key.kind == key_kind::usage) changed->used_ids.insert(id_of_use(change.key.bytes));
    }
    covered_.raise({upto.log, encoded.sequence});
  }
  return {};
}

status indexer_state::index(const changed_keys& changed) {
  used_ids_.insert(changed.used_ids.begin(), changed.used_ids.end());
  memory::index_changes changes;
  for (const auto& key : changed.records) {
    const auto stored = context->store.get({key_kind::memory, key});
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted)
      changes.removed.push_back(key);
    else if (auto indexed = index(key, **stored, &changes); !indexed)
      return indexed;
  }
  for (const auto& id : changed.used_ids) {
    const auto keys = context->store.find(key_kind::memory, id);
    if (!keys) return keys.error();
    for (const auto& key : *keys) {
      if (changed.records.contains(key.bytes)) continue;
      const auto stored = context->store.get(key);
      if (!stored) return stored.error();
      if (!*stored || (*stored)->deleted) continue;
      const auto record = present(key, **stored);
      if (record)
        changes.used.emplace_back(key.bytes, memory::standing_of(*record));
      else if (!memory::is_unreadable(record.error()))
        return record.error();
    }
  }
  context->words.apply(std::move(changes));
  return {};
}

status indexer_state::index(const std::string& key, const stored_record& stored, memory::index_changes* changes) {
  const auto record = present({key_kind::memory, key}, stored);
  if (record)
    changes->put.push_back(memory::describe(key, *record));
  else if (memory::is_unreadable(record.error()))
    step_over(key, changes);
  else
    return record.error();
  return {};
}

void indexer_state::step_over(const std::string& key, memory::index_changes* changes) {
  changes->removed.push_back(key);
  if (std::exchange(unreadable_told_, true)) return;
  logging::event(logging::level::warn, "record.unreadable",
                 {{"reason",
                   "a stored value is no record and is in no list; stats counts such rows, and they can be "
                   "deleted or overwritten"}});
}

result<v1::MemoryRecord> indexer_state::present(const record_key& key, const stored_record& stored) const {
  auto record = memory::value_of<v1::MemoryRecord>(key, stored);
  if (!record) return record;
  if (!used_ids_.contains(record->id())) {
    memory::apply_usage({}, &*record);
    return record;
  }
  if (auto presented = memory::present(context->store, &*record); !presented) return presented;
  return record;
}

caf::behavior indexer_behavior(caf::stateful_actor<indexer_state>* self, node_context* context) {
  install_defaults(self);
  self->state.context = context;
  return {
      [self, context](message::wake) {
        context->indexer.received();
        auto more = self->state.on_wake();
        if (!more) {
          context->fail(more.error());
          self->quit();
        } else if (*more) {
          context->indexer.send(message::wake{});
        }
      },
      [context](message::crash) {
        context->indexer.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
