// The flags that narrow a listing, a search or a recall, as a RecordFilter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/status.hpp"
#include "quorate/v1/record.pb.h"

namespace CLI {
class App;
}

namespace quorate::cli {

struct filter_flags {
  std::optional<std::string> name_space, tier, tag, since, until, author;
  std::optional<std::int32_t> min_priority;
};

/// --namespace, --tags, --since, --until: of every verb that looks for records.
void add_filter_flags(CLI::App& verb, filter_flags& flags);
/// --tier, --min-priority, --agent-id: of those that do not give these names another meaning.
void add_record_filter_flags(CLI::App& verb, filter_flags& flags);

/// The error names the flag.
result<v1::RecordFilter> filter_of(const filter_flags& flags);

}  // namespace quorate::cli
