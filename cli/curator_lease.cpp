#include "cli/curator_lease.hpp"

#include <nlohmann/json.hpp>

namespace quorate::cli {
namespace {

status failure_of(const net::call_result& result) {
  return {errc::unavailable, "the curator's lease: " + result.reason + ": " + result.message};
}

}  // namespace

curator_lease::curator_lease(net::client& client, std::string owner, wall_clock now_ms)
    : client_(client), owner_(std::move(owner)), now_ms_(std::move(now_ms)) {}

curator_lease::~curator_lease() { give_back(); }

result<curator_lease::content> curator_lease::read() {
  v1::GetRequest request;
  request.mutable_name()->set_namespace_(curator_namespace);
  request.mutable_name()->set_title(curator_lease_title);
  request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
  v1::GetReply reply;
  const auto result = client_.get(request, &reply);
  if (result.reason == name_of(errc::not_found)) return content{};
  if (!result.ok()) return failure_of(result);
  const auto json = nlohmann::json::parse(reply.memory().content(), nullptr, false);
  // One that cannot be read holds nobody back for ever.
  if (!json.is_object() || !json.contains("owner") || !json["owner"].is_string() || !json.contains("until_ms")
      || !json["until_ms"].is_number_integer())
    return content{};
  return content{json["owner"].get<std::string>(), json["until_ms"].get<std::int64_t>()};
}

status curator_lease::write(std::int64_t until_ms) {
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_namespace_(curator_namespace);
  record.set_title(curator_lease_title);
  record.set_content(nlohmann::ordered_json{{"owner", owner_}, {"until_ms", until_ms}}.dump());
  record.set_tier(v1::TIER_SHORT);
  record.set_source("system");
  request.set_agent_id(owner_);
  request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
  request.set_on_superseded(v1::ON_SUPERSEDED_REPORT);
  v1::StoreReply reply;
  const auto result = client_.store(request, &reply);
  if (result.ok() && !reply.has_pending()) return {};
  if (result.outcome == net::call_outcome::superseded || result.reason == name_of(errc::conflict))
    return {errc::conflict, "another curator took the lease in the same moment"};
  return failure_of(result);
}

status curator_lease::take() {
  const auto before = read();
  if (!before) return before.error();
  if (before->owner != owner_ && before->until_ms > now_ms_())
    return {errc::conflict, "another curator (" + before->owner + ") is at work"};
  if (auto written = write(now_ms_() + curator_lease_ms); !written) return written;
  // Two that both saw it free have both written: the later one is the holder.
  const auto after = read();
  if (!after) return after.error();
  if (after->owner != owner_) return {errc::conflict, "another curator took the lease in the same moment"};
  held_ = true;
  return {};
}

bool curator_lease::hold() {
  if (!held_) return false;
  const auto now = read();
  held_ = now && now->owner == owner_ && now->until_ms > now_ms_();
  if (held_ && now->until_ms - now_ms_() < curator_lease_ms / 2) held_ = write(now_ms_() + curator_lease_ms).ok();
  return held_;
}

void curator_lease::give_back() {
  if (!held_) return;
  // Only when it is still ours: what another has taken meanwhile is not ours to end.
  if (const auto now = read(); now && now->owner == owner_) (void)write(0).ok();
  held_ = false;
}

}  // namespace quorate::cli
