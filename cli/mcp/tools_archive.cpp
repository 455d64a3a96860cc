// Tools for the archive: list, restore, purge, stats.
#include <utility>

#include "cli/mcp/shared_parameters.hpp"
#include "cli/mcp/tool_context.hpp"

namespace quorate::cli::mcp {
namespace {

constexpr std::int64_t offset_max = UINT32_MAX;

tool_result list(tool_context& context, const arguments& given) {
  v1::ListArchiveRequest request;
  if (given.has("namespace")) request.set_namespace_(given.text("namespace"));
  request.set_limit(static_cast<std::uint32_t>(given.integer("limit")));
  request.set_offset(static_cast<std::uint32_t>(given.integer("offset")));
  v1::ListArchiveReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done);
  return succeed({{"archived", json_list(reply.archived())}, {"count", reply.archived_size()}});
}

tool_result restore(tool_context& context, const arguments& given) {
  v1::RestoreArchivedRequest request;
  request.set_id(given.text("id"));
  v1::RestoreArchivedReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "restored");
  return succeed({{"restored", true}, {"id", reply.id()}});
}

tool_result purge(tool_context& context, const arguments& given) {
  v1::PurgeArchiveRequest request;
  if (given.has("older_than_days")) request.set_older_than_days(given.integer("older_than_days"));
  v1::PurgeArchiveReply reply;
  if (const auto done = context.call(request, &reply); !done.ok()) return fail(done, "purged");
  return succeed({{"purged", reply.purged()}});
}

tool_result stats(tool_context& context, const arguments&) {
  v1::ArchiveStatsReply reply;
  if (const auto done = context.call(v1::ArchiveStatsRequest(), &reply); !done.ok()) return fail(done);
  return succeed(memory::json_of(reply));
}

}  // namespace

std::vector<tool> archive_tools() {
  return {{"memory_archive_list",
           "List the archive",
           "Lists memories that expired or were forgotten, the last one first.",
           effect::reads,
           {namespace_parameter("Only this namespace"), limit_parameter(50, 1'000),
            integer("offset", "How many to skip").from(0).at_most(offset_max).otherwise(0)},
           list},
          {"memory_archive_restore",
           "Restore from the archive",
           "Brings an archived memory back, as one that lives for ever.",
           effect::adds,
           {id_parameter("Its id")},
           restore},
          {"memory_archive_purge",
           "Purge the archive",
           "Deletes archived memories for good.",
           effect::removes,
           {integer("older_than_days", "Only those archived longer ago than this; absent = all of them").from(0)},
           purge},
          {"memory_archive_stats",
           "Statistics of the archive",
           "How many memories the archive holds, by namespace.",
           effect::reads,
           {},
           stats}};
}

}  // namespace quorate::cli::mcp
