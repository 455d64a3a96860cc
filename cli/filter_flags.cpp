#include "cli/filter_flags.hpp"

#include <CLI/CLI.hpp>

#include "cli/record_flags.hpp"

namespace quorate::cli {

void add_filter_flags(CLI::App& verb, filter_flags& flags) {
  verb.add_option("-n,--namespace", flags.name_space, "Only this namespace");
  verb.add_option("--tags", flags.tag, "Only records with exactly this tag");
  verb.add_option("--since", flags.since, "Only records created then or later, RFC 3339");
  verb.add_option("--until", flags.until, "Only records created then or earlier, RFC 3339");
}

void add_record_filter_flags(CLI::App& verb, filter_flags& flags) {
  verb.add_option("-t,--tier", flags.tier, "Only records of this tier: short, mid or long");
  verb.add_option("--min-priority", flags.min_priority, "Only records of this priority or more");
  verb.add_option("--agent-id", flags.author, "Only records of this author");
}

result<v1::RecordFilter> filter_of(const filter_flags& flags) {
  v1::RecordFilter filter;
  const auto tier = tier_of_flag(flags.tier);
  if (!tier) return tier.error();
  filter.set_tier(*tier);
  if (flags.name_space) filter.set_namespace_(*flags.name_space);
  if (flags.tag) filter.set_tag(*flags.tag);
  if (flags.since) filter.set_since(*flags.since);
  if (flags.until) filter.set_until(*flags.until);
  if (flags.author) filter.set_agent_id(*flags.author);
  if (flags.min_priority) filter.set_min_priority(*flags.min_priority);
  return filter;
}

}  // namespace quorate::cli
