// Finding records by their words: the calls of recall.proto.
#include <algorithm>

#include "memory/indexed_record.hpp"
#include "memory/stored_value.hpp"
#include "memory/text.hpp"
#include "memory/usage.hpp"
#include "net/memory_service.hpp"
#include "net/session_wait.hpp"
#include "net/write_call.hpp"

namespace quorate::net {

namespace {

constexpr std::uint32_t search_limit_default = 20;
constexpr std::uint32_t search_limit_max = 1'000;
constexpr std::uint32_t recall_limit_default = 10;
constexpr std::uint32_t recall_limit_max = 50;
constexpr std::size_t bytes_per_token = 4;
// Asked for beyond the limit, for those that are gone or no longer fit when they are read.
constexpr std::size_t spare_matches = 8;
// What a touch holds in memory, about.
constexpr std::size_t touch_bytes = 8u << 10;

status check_text(const char* field, const std::string& text) {
  if (memory::trimmed(text).empty()) return status::invalid(field, "must not be blank");
  if (memory::find_malformed_utf8(text)) return status::invalid(field, "must be UTF-8");
  return {};
}

result<std::size_t> limit_of(std::uint32_t asked, std::uint32_t otherwise, std::uint32_t most) {
  if (asked > most)
    return status::invalid("limit", "must be at most " + std::to_string(most) + ", got " + std::to_string(asked));
  return asked == 0 ? otherwise : asked;
}

struct found_memory {
  memory::word_match match;
  v1::MemoryRecord record;
};

/// The records of the best matches as they are now, best first, at most `limit`.
result<std::vector<found_memory>> read_matches(const node_api& node, memory::word_query query, std::size_t limit) {
  query.limit = limit + spare_matches;
  auto matches = node.words().match(query);
  if (!matches) return matches.error();
  std::vector<found_memory> found;
  for (auto& match : *matches) {
    const auto stored = node.records().get(match.key);
    if (!stored) return stored.error();
    if (!*stored || (*stored)->deleted) continue;
    auto record = memory::present(node.records(), match.key, **stored);
    if (!record && memory::is_unreadable(record.error())) continue;
    if (!record) return record.error();
    if (!memory::passes(query.filter, *record)) continue;
    if (query.by == memory::ranking::classic)
      match.score =
          match.discount * memory::classic_score(match.rank, memory::standing_of(*record), query.filter.now_ms, true);
    record->clear_life();
    record->clear_priority_base_count();
    found.push_back({std::move(match), std::move(*record)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const found_memory& a, const found_memory& b) { return a.match.score > b.match.score; });
  if (found.size() > limit) found.resize(limit);
  return found;
}

/// Leaves those that fit the budget, before the first that does not. The tokens they take.
std::uint64_t keep_within(std::optional<std::uint64_t> budget_tokens, std::vector<found_memory>* found) {
  std::uint64_t used = 0;
  std::size_t kept = 0;
  for (; kept < found->size(); ++kept) {
    const auto& record = (*found)[kept].record;
    const auto tokens = (record.title().size() + record.content().size()) / bytes_per_token;
    if (budget_tokens && used + tokens > *budget_tokens) break;
    used += tokens;
  }
  found->resize(kept);
  return used;
}

/// Counts the use of what a recall answers with, then answers it: with `touched` false when it could not be counted.
class touch_request final : public write_request {
 public:
  touch_request(ServerUnaryReactor* reactor, v1::RecallReply* reply, std::vector<record_key> used, node_id self,
                std::int64_t now_ms)
      : reactor_(reactor), reply_(reply), used_(std::move(used)), self_(self), now_ms_(now_ms) {}

  result<std::vector<mutation>> plan(const record_reader& now, const version&) override {
    auto planned = memory::plan_touch(now, used_, self_, now_ms_);
    if (!planned) return planned.error();
    if (planned->mutations.empty()) return status(errc::not_found, "none of the records is there any more");
    return std::move(planned->mutations);
  }

  void finish(const write_answer& end) noexcept override {
    reply_->set_touched(end.outcome.ok());
    reactor_->Finish(grpc::Status::OK);
  }

 private:
  ServerUnaryReactor* reactor_;
  v1::RecallReply* reply_;
  std::vector<record_key> used_;
  node_id self_;
  std::int64_t now_ms_;
};

}  // namespace

ServerUnaryReactor* memory_service::Search(CallbackServerContext* call, const v1::SearchRequest* request,
                                           v1::SearchReply* reply) {
  if (auto valid = check_text("query", request->query()); !valid) return finish(call, to_grpc(valid));
  const auto limit = limit_of(request->limit(), search_limit_default, search_limit_max);
  if (!limit) return finish(call, to_grpc(limit.error()));
  auto filter = memory::filter_of(request->filter(), request->as_agent(), node_.time().wall_ms());
  if (!filter) return finish(call, to_grpc(filter.error()));
  const auto seen = read_session(request->session());
  if (!seen) return finish(call, to_grpc(seen.error()));
  if (auto admitted = readers_.admit(); !admitted) return finish(call, to_grpc(admitted));
  memory::word_query query;
  query.text = request->query();
  query.by = memory::ranking::search;
  query.filter = std::move(*filter);
  auto* reactor = call->DefaultReactor();
  const auto search = [this, reply, query = std::move(query), limit = *limit]() -> status {
    auto found = read_matches(node_, query, limit);
    if (!found) return found.error();
    for (auto& one : *found) *reply->add_memories() = std::move(one.record);
    return {};
  };
  when_searchable(node_, *seen, deadline_us(*call, node_),
                  or_finish(reactor, [this, reactor, search] { readers_.go_on(reactor, search); }));
  return reactor;
}

ServerUnaryReactor* memory_service::Recall(CallbackServerContext* call, const v1::RecallRequest* request,
                                           v1::RecallReply* reply) {
  if (auto valid = check_text("context", request->context()); !valid) return finish(call, to_grpc(valid));
  const auto limit = limit_of(request->limit(), recall_limit_default, recall_limit_max);
  if (!limit) return finish(call, to_grpc(limit.error()));
  if (!v1::Ranker_IsValid(request->ranker()))
    return finish(call, to_grpc(unknown_value("ranker", "Ranker", v1::Ranker_MAX, request->ranker())));
  const auto now_ms = node_.time().wall_ms();
  auto filter = memory::filter_of(request->filter(), request->as_agent(), now_ms);
  if (!filter) return finish(call, to_grpc(filter.error()));
  filter->with_ancestors = filter->name_space && filter->name_space->find('/') != std::string::npos;
  const auto seen = read_session(request->session());
  if (!seen) return finish(call, to_grpc(seen.error()));
  if (auto admitted = readers_.admit(); !admitted) return finish(call, to_grpc(admitted));
  memory::word_query query;
  query.text = request->context();
  for (const auto& token : request->context_tokens())
    query.colour.append(query.colour.empty() ? "" : " ").append(token);
  query.by = request->ranker() == v1::RANKER_BM25F ? memory::ranking::bm25f : memory::ranking::classic;
  query.filter = std::move(*filter);
  const auto budget = request->has_budget_tokens() ? std::optional(request->budget_tokens()) : std::nullopt;
  auto* reactor = call->DefaultReactor();
  const auto deadline = deadline_us(*call, node_);
  const auto recall = [this, reply, query = std::move(query), limit = *limit, budget,
                       untouched = request->leave_untouched(), now_ms,
                       deadline](ServerUnaryReactor* open) -> std::optional<status> {
    auto found = read_matches(node_, query, limit);
    if (!found) return found.error();
    reply->set_tokens_used(keep_within(budget, &*found));
    reply->set_mode("keyword");
    std::vector<record_key> used;
    for (auto& one : *found) {
      auto* answer = reply->add_found();
      answer->set_score(one.match.score);
      *answer->mutable_memory() = std::move(one.record);
      used.push_back(std::move(one.match.key));
    }
    if (untouched || used.empty()) return status();
    // The reply is not ours any more once the write is submitted.
    auto touch = std::make_unique<touch_request>(open, reply, std::move(used), node_.self(), now_ms);
    touch->quorum = write_quorum::one;
    touch->deadline_us = deadline;
    touch->bytes = touch_bytes;
    std::vector<write_ticket> tickets;
    tickets.emplace_back(std::move(touch));
    node_.submit(std::move(tickets));
    return std::nullopt;
  };
  when_searchable(node_, *seen, deadline,
                  or_finish(reactor, [this, reactor, recall] { readers_.hand_on(reactor, recall); }));
  return reactor;
}

}  // namespace quorate::net
