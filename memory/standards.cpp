#include "memory/standards.hpp"

#include <algorithm>

#include "memory/metadata.hpp"
#include "memory/stored_value.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

/// As it is stored: namespace, id of the record, parent, time. errc::unreadable for a value that is none.
result<std::optional<v1::Standard>> read_standard(const record_reader& now, std::string_view name_space) {
  const auto key = standard_key(name_space);
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  if (!*stored || (*stored)->deleted) return std::optional<v1::Standard>();
  auto standard = value_of<v1::Standard>(key, **stored);
  if (!standard) return standard.error();
  return std::optional(std::move(*standard));
}

/// The same for whoever goes by it: by a value that is no standard nobody can go.
result<std::optional<v1::Standard>> stored_standard(const record_reader& now, std::string_view name_space) {
  auto standard = read_standard(now, name_space);
  if (!standard && is_unreadable(standard.error())) return std::optional<v1::Standard>();
  return standard;
}

/// The record that a standard names; nothing when it is gone, or when it names none, as one that comes from another
/// store may.
result<std::optional<found_record>> record_of(const record_reader& now, const v1::Standard& standard) {
  if (standard.standard_id().empty()) return std::optional<found_record>();
  auto found = find_record(now, standard.standard_id(), nullptr);
  if (found) return std::optional(std::move(*found));
  if (found.error().code() == errc::not_found || is_unreadable(found.error())) return std::optional<found_record>();
  return found.error();
}

result<std::string> nearest_parent(const record_reader& now, std::string_view name_space) {
  for (auto dash = name_space.rfind('-'); dash != std::string_view::npos; dash = name_space.rfind('-')) {
    name_space = name_space.substr(0, dash);
    if (name_space.empty()) break;
    const auto standard = stored_standard(now, name_space);
    if (!standard) return standard.error();
    if (*standard) return std::string(name_space);
  }
  return std::string();
}

status fill(const record_reader& now, v1::Standard* standard) {
  auto found = record_of(now, *standard);
  if (!found) return found.error();
  if (!*found) return {};
  v1::MemoryRecord& record = (*found)->record;
  if (status failed = present(now, &record); !failed) return failed;
  standard->set_found(true);
  standard->set_title(record.title());
  standard->set_content(record.content());
  standard->set_priority(record.priority());
  // Without a policy nothing is asked of anybody, which is what the default says.
  standard->set_governance(text_of(policy_in(record.metadata()).value_or(policy())));
  return {};
}

status set_policy(v1::MemoryRecord& record, const std::string& governance, std::int64_t now_ms) {
  const auto rules = parse_policy(governance);
  if (!rules) return rules.error();
  auto metadata = with_member(record.metadata(), "governance", text_of(*rules));
  if (metadata.size() > limits::metadata_bytes_max)
    return status::invalid("governance", "the metadata of the record would have " + std::to_string(metadata.size())
                                             + " bytes with it, the limit is "
                                             + std::to_string(limits::metadata_bytes_max));
  record.set_metadata(std::move(metadata));
  record.set_updated_at(format_timestamp(now_ms));
  return {};
}

}  // namespace

record_key standard_key(std::string_view name_space) { return {key_kind::standard, std::string(name_space)}; }

status validate(const v1::SetStandardRequest& request) {
  if (status broken = validate_namespace(request.namespace_()); !broken) return broken;
  if (status broken = validate_id(request.id()); !broken) return broken;
  if (!request.parent().empty())
    if (status broken = validate_namespace(request.parent()); !broken)
      return status::invalid("parent", broken.context());
  return request.governance().empty() ? status() : parse_policy(request.governance()).error();
}

result<planned_standard> plan_set_standard(const record_reader& now, const v1::SetStandardRequest& request,
                                           std::int64_t now_ms) {
  if (status broken = validate(request); !broken) return broken;
  auto found = find_record(now, request.id(), nullptr);
  if (!found) return found.error();
  planned_standard plan;
  plan.write.id = request.id();
  plan.standard.set_namespace_(request.namespace_());
  plan.standard.set_standard_id(request.id());
  plan.standard.set_updated_at(format_timestamp(now_ms));
  auto parent = request.parent().empty() ? nearest_parent(now, request.namespace_()) : request.parent();
  if (!parent) return parent.error();
  plan.standard.set_parent_namespace(std::move(*parent));
  plan.write.mutations.push_back(
      {standard_key(request.namespace_()), false, request.id(), plan.standard.SerializeAsString()});
  if (!request.governance().empty()) {
    if (status broken = set_policy(found->record, request.governance(), now_ms); !broken) return broken;
    plan.write.mutations.push_back({found->key, false, found->record.id(), found->record.SerializeAsString()});
  }
  if (status failed = fill(now, &plan.standard); !failed) return failed;
  if (!request.governance().empty()) plan.standard.set_governance(text_of(*policy_in(found->record.metadata())));
  return plan;
}

std::vector<record_key> keys_of_set_standard(const record_reader& now, const v1::SetStandardRequest& request) {
  std::vector<record_key> keys{standard_key(request.namespace_())};
  if (!request.governance().empty())
    if (auto found = find_record(now, request.id(), nullptr)) keys.push_back(std::move(found->key));
  return keys;
}

result<planned_write> plan_clear_standard(const record_reader& now, std::string_view name_space) {
  if (status broken = validate_namespace(name_space); !broken) return broken;
  const auto stored = now.get(standard_key(name_space));
  if (!stored) return stored.error();
  planned_write plan;
  if (*stored && !(*stored)->deleted) {
    plan.id = (*stored)->alias;
    plan.mutations.push_back({standard_key(name_space), true, {}, {}});
  }
  return plan;
}

result<v1::Standard> standard_of(const record_reader& now, std::string_view name_space) {
  auto stored = read_standard(now, name_space);
  if (!stored) return stored.error();
  v1::Standard standard = *stored ? std::move(**stored) : v1::Standard();
  standard.set_namespace_(std::string(name_space));
  if (*stored)
    if (status failed = fill(now, &standard); !failed) return failed;
  return standard;
}

result<std::vector<std::string>> chain_of(const record_reader& now, std::string_view name_space) {
  std::vector<std::string> path;
  for (std::size_t slash = 0; slash != std::string_view::npos;) {
    slash = name_space.find('/', slash == 0 ? 0 : slash + 1);
    path.emplace_back(name_space.substr(0, slash));
  }
  std::vector<std::string> parents;
  const auto known = [&](const std::string& candidate) {
    return candidate == "*" || std::find(path.begin(), path.end(), candidate) != path.end()
           || std::find(parents.begin(), parents.end(), candidate) != parents.end();
  };
  for (std::string below = path.front(); parents.size() < explicit_parents_max; below = parents.back()) {
    const auto standard = stored_standard(now, below);
    if (!standard) return standard.error();
    if (!*standard || (*standard)->parent_namespace().empty() || known((*standard)->parent_namespace())) break;
    parents.push_back((*standard)->parent_namespace());
  }
  std::vector<std::string> chain{"*"};
  chain.insert(chain.end(), parents.rbegin(), parents.rend());
  chain.insert(chain.end(), path.begin() + (path.front() == "*" ? 1 : 0), path.end());
  return chain;
}

result<std::optional<policy_in_force>> find_policy(const record_reader& now, std::string_view name_space) {
  const auto standard = stored_standard(now, name_space);
  if (!standard) return standard.error();
  if (!*standard) return std::optional<policy_in_force>();
  const auto found = record_of(now, **standard);
  if (!found) return found.error();
  if (!*found) return std::optional<policy_in_force>();
  auto rules = policy_in((*found)->record.metadata());
  if (!rules) return std::optional<policy_in_force>();
  return std::optional(
      policy_in_force{std::move(*rules), text_member((*found)->record.metadata(), "agent_id").value_or("")});
}

}  // namespace quorate::memory
