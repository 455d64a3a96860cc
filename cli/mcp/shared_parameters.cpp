#include "cli/mcp/shared_parameters.hpp"

#include <utility>

#include "cli/mcp/toon.hpp"
#include "memory/validation.hpp"

namespace quorate::cli::mcp {

std::vector<std::string> tier_names() {
  std::vector<std::string> names;
  const auto* tiers = v1::Tier_descriptor();
  for (int i = 0; i < tiers->value_count(); ++i)
    if (const auto name = memory::text_of(static_cast<v1::Tier>(tiers->value(i)->number())); !name.empty())
      names.emplace_back(name);
  return names;
}

parameter id_parameter(std::string description) { return text("id", std::move(description)).required(); }
parameter namespace_parameter(std::string description) { return text("namespace", std::move(description)); }
parameter tier_parameter(std::string description) { return text("tier", std::move(description)).one_of(tier_names()); }
parameter priority_parameter() { return integer("priority", "1 (least) to 10 (most)").from(1).to(10); }
parameter confidence_parameter() { return number("confidence", "How sure it is, 0.0 to 1.0").from(0).to(1); }
parameter limit_parameter(std::int64_t by_default, std::int64_t most) {
  return integer("limit", "How many at most, up to " + std::to_string(most))
      .from(1)
      .at_most(most)
      .otherwise(by_default);
}
parameter format_parameter() {
  return text("format",
              "json, or a table that takes fewer tokens: toon with all columns but the content, toon_compact "
              "with the most important ones")
      .one_of({"json", "toon", "toon_compact"})
      .otherwise("json");
}
parameter agent_parameter() { return text("agent_id", "Who acts, if not the caller"); }

v1::Tier tier_of(const arguments& given) { return memory::tier_of(given.text("tier")).value_or(v1::TIER_UNSPECIFIED); }

v1::RecordFilter filter_of(const arguments& given) {
  v1::RecordFilter filter;
  if (given.has("namespace")) filter.set_namespace_(given.text("namespace"));
  filter.set_tier(tier_of(given));
  if (given.has("since")) filter.set_since(given.text("since"));
  if (given.has("until")) filter.set_until(given.text("until"));
  if (given.has("tags")) filter.set_tag(given.text("tags"));
  if (given.has("agent_id")) filter.set_agent_id(given.text("agent_id"));
  return filter;
}

tool_result in_format(ordered_json payload, const arguments& given) {
  const auto format = given.text("format");
  if (format == "json" || format.empty()) return succeed(std::move(payload));
  return succeed_in_words(toon(payload, format == "toon_compact"));
}

}  // namespace quorate::cli::mcp
