// Which records somebody sees who looks from a place in the namespaces: the scope of a record says how far up the
// tree from there it is shown.
//
// Pure functions, any thread, any text. It hides what does not concern the one who looks; it is no access control:
// whoever looks from nowhere (no `as_agent`) sees everything.
#pragma once

#include <span>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::memory {

/// private, team, unit, org, collective: from the narrowest to the widest.
std::span<const std::string_view> scope_names();

/// One of `scope_names`, else an invalid_argument of field "scope".
status validate_scope(std::string_view scope);

/// Whether a record of `scope` in namespace `name_space` is shown to one who looks from namespace `as_agent` (empty:
/// everything is). An empty scope is private, one of no known name is never shown.
///   collective: always
///   private: in `as_agent` itself
///   team, unit, org: in the namespace one, two, three segments above `as_agent` or anywhere below that one; never
///   when there is none so far up
bool visible(std::string_view as_agent, std::string_view scope, std::string_view name_space);

}  // namespace quorate::memory
