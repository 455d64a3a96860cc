// The archive: records that expired or were forgotten, kept until somebody wants them back or purges them.
//
// Plans as those of memory/operations.hpp; reads through the reader given. A row of the archive is named by the id of
// its record and replaces one of the same id.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "memory/operations.hpp"
#include "quorate/v1/curation.pb.h"

namespace quorate::memory {

inline constexpr std::string_view reason_expired = "ttl_expired";
inline constexpr std::string_view reason_forgotten = "forget";

/// So many rows may be skipped by the offset of a list.
inline constexpr std::uint32_t archive_offset_max = 100'000;

/// What becomes of a record that is taken out.
struct removal {
  record_key key;
  std::string_view reason;
  bool archived = true;  ///< else it is gone
  /// Without its links and standards, which may be newer than the record: for a write that yields to whatever was
  /// stamped since. They show no more.
  bool alone = false;
};

/// Takes a record out, with its links and the standards it stands for unless `alone`, and puts it into the archive as
/// it is with its use. `still` is asked again, of the record as it is when this is planned: errc::not_found when it
/// says no or the record is gone, and it is left alone.
result<planned_write> plan_removal(const record_reader& now, const removal& what,
                                   const std::function<result<bool>(const found_record&)>& still, std::int64_t now_ms);

/// Brings a record back: tier long, no expiry, in a new life. not_found when it is not in the archive, already_exists
/// when a live record has its id or its name.
result<planned_write> plan_restore(const record_reader& now, std::string_view id, std::int64_t now_ms);

/// Drops a row of the archive, if it is still this version of it; else errc::not_found.
result<planned_write> plan_purge(const record_reader& now, const record_key& row, const version& stamp);

/// The rows archived before this instant; all without one.
result<std::vector<std::pair<record_key, version>>> rows_to_purge(const record_reader& now,
                                                                  std::optional<std::int64_t> before_ms);

/// Validates the request; last archived first.
result<v1::ListArchiveReply> list_archive(const record_reader& now, const v1::ListArchiveRequest& request);

result<v1::ArchiveStatsReply> count_archive(const record_reader& now);

}  // namespace quorate::memory
