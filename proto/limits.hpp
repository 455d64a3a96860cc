// The one table of limits. Sizes in bytes, counts in entries, times in milliseconds unless the name says else.
//
// Sizes nest: what the client edge takes always fits an entry, an entry always fits a peer frame, a frame always
// fits what gRPC is told to accept. Checked below.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quorate::limits {

// A memory record (reference: the rules of docs/compatibility.md).
inline constexpr std::size_t title_characters_max = 512;
inline constexpr std::size_t content_bytes_max = 65'536;
inline constexpr std::size_t namespace_characters_max = 512;
inline constexpr std::size_t namespace_segments_max = 8;
inline constexpr std::size_t tags_max = 50;
inline constexpr std::size_t tag_bytes_max = 128;
inline constexpr std::size_t id_bytes_max = 128;
inline constexpr std::size_t source_bytes_max = 64;
inline constexpr std::size_t metadata_bytes_max = 65'536;
inline constexpr int metadata_depth_max = 32;
inline constexpr int priority_min = 1;
inline constexpr int priority_max = 10;
inline constexpr std::int64_t ttl_seconds_max = 31'536'000;

// Client calls.
inline constexpr std::size_t client_message_bytes_max = 4u << 20;
inline constexpr std::size_t batch_items_max = 1'000;
inline constexpr std::size_t page_items_default = 100;
inline constexpr std::size_t page_items_max = 1'000;
inline constexpr std::size_t page_bytes_max = 1u << 20;

// Reads that scan, search or wait.
inline constexpr std::size_t read_threads = 2;
inline constexpr std::size_t waiting_reads_max = 256;
// Of an export or a backup whose caller takes nothing; what it is read from is kept for as long.
inline constexpr std::int64_t stream_patience_ms = 120'000;

// Entries, frames, windows.
inline constexpr std::size_t key_bytes_max = 16u << 10;
inline constexpr std::size_t alias_bytes_max = 1u << 10;
inline constexpr std::size_t entry_bytes_max = 512u << 10;
inline constexpr std::size_t frame_entries_bytes_max = 1u << 20;
inline constexpr std::size_t frame_bytes_max = 2u << 20;
inline constexpr std::size_t link_window_bytes_max = 8u << 20;  // sent, not yet acknowledged, per peer
// Below its maximum the window follows the link (actors/core/send_window.hpp).
inline constexpr std::size_t link_window_bytes_min = 4u << 10;
inline constexpr std::size_t link_window_bytes_first = 64u << 10;
#ifdef QUORATE_TEST_POINTS
inline constexpr std::size_t link_backlog_bytes_max = 8u << 10;  // small, so that simulated runs come past it
#else
inline constexpr std::size_t link_backlog_bytes_max = 4u << 20;  // live entries waiting for the stream, per peer
#endif
inline constexpr std::size_t frame_questions_bytes_max = 256u << 10;  // questions and write-backs of a frame
inline constexpr std::size_t answers_waiting_bytes_max = 8u << 20;    // for a peer that does not read them, per stream
// What a peer may say of logs. No counter comes near the first; the second is the room for all lives of all members.
inline constexpr std::uint64_t sequence_max = std::uint64_t{1} << 62;
inline constexpr std::size_t logs_max = 65'536;
// In a vector there may be more: a node's own lives begin however many logs its peers brought.
inline constexpr std::size_t logs_named_max = 2 * logs_max;
inline constexpr std::size_t foreign_origins_max = 64;  // writers of logs that came with a directory and are no members
inline constexpr std::size_t handshakes_open_max = 64;  // streams whose caller has not yet shown that it is a member

// The writer.
inline constexpr std::size_t waiting_writes_max = 16'384;  // accepted, not yet taken by the writer
inline constexpr std::size_t waiting_write_bytes_max = 64u << 20;
inline constexpr std::size_t waiting_peer_bytes_max = 64u << 20;  // entries of peers not yet taken
inline constexpr std::size_t group_entries_max = 2'048;
inline constexpr std::size_t group_bytes_max = 4u << 20;
inline constexpr std::size_t pending_writes_max = 65'536;    // taken, not yet answered
inline constexpr std::size_t pending_questions_max = 8'192;  // reads and keys of linearizable writes, not yet answered

// With less than this free on its disk a node takes nothing new; on a small one it is a share of its size. What of it
// is for which purpose: storage/disk_space.cpp.
inline constexpr std::size_t disk_reserve_bytes = 1u << 30;
inline constexpr std::int64_t disk_look_ms = 200;  // how often an idle writer looks at the free space

// Times.
// An answer may be a tick late, so a caller's own deadline is taken to be that and a little earlier.
inline constexpr std::int64_t deadline_tick_ms = 20;
inline constexpr std::int64_t deadline_margin_ms = deadline_tick_ms + 30;
inline constexpr std::int64_t quorum_timeout_ms_default = 2'000;
inline constexpr std::int64_t quorum_timeout_ms_max = 10'000;  // of any write or read
// A member that lost its disk waits so long before it asks what it must hold again: by then all that its old disk
// promised is decided, on clocks that run a tenth too slow too.
inline constexpr std::int64_t refill_wait_ms = quorum_timeout_ms_max + quorum_timeout_ms_max / 10;
inline constexpr std::int64_t question_repeat_ms = 250;
inline constexpr std::int64_t heartbeat_ms = 200;
inline constexpr std::int64_t suspicion_ms = 1'500;  // a peer not heard of for so long is down
// What a heartbeat waits behind other bytes: up to here the window to the peer grows, from there on it shrinks.
inline constexpr std::int64_t link_queue_ms_quick = 200;
inline constexpr std::int64_t link_queue_ms_max = 400;
inline constexpr std::int64_t reconnect_ms_min = 20;
inline constexpr std::int64_t reconnect_ms_max = 1'000;
inline constexpr std::int64_t connect_timeout_ms = 1'000;
inline constexpr std::int64_t relay_delay_ms = 500;
inline constexpr std::int64_t reconcile_ms = 100;
inline constexpr std::int64_t refusal_retry_ms = 250;
// Between new logs that a writer begins because of forks: doubling (actors/core/new_log_pace.hpp).
inline constexpr std::int64_t new_log_pause_ms_min = 1'000;
inline constexpr std::int64_t new_log_pause_ms_max = std::int64_t{3'600} * 1'000;
inline constexpr std::int64_t hopeless_retry_ms = 30'000;  // of what was set aside or does not fit what is there
// The name of a disk is the time of its first use. A clock may have been wrong then, but not by so much.
inline constexpr std::int64_t disk_name_ahead_ms_max = std::int64_t{24} * 3'600 * 1'000;
// Where it is in the place of one that was named so by a wrong clock, its name is above that by a little.
inline constexpr std::uint64_t disk_names_above_max = 65'536;
inline constexpr std::int64_t clock_offset_ms_max_default = 2'000;
// The clock's upper bound is stored this far ahead of the wall clock, or the step ahead of stamps that run before it.
// A new life starts above it, so it stays well below what peers accept.
inline constexpr std::int64_t clock_bound_ahead_ms = 500;
inline constexpr std::int64_t clock_bound_step_ms = 10;
// What a thread that lends itself to the actors does for them before it goes on with its own work.
inline constexpr int loan_turns_max = 64;
inline constexpr std::int64_t drain_ms_max = 4'000;

// Supervision: more restarts than this within the window and the supervisor gives up.
inline constexpr int restarts_max = 10;
inline constexpr std::int64_t restart_window_ms = 30'000;
inline constexpr std::int64_t restart_backoff_ms_min = 1;
inline constexpr std::int64_t restart_backoff_ms_max = 1'000;

// What is on disk is read through soon after start and then every so often, slowly enough to leave the disk to others.
inline constexpr std::int64_t verify_after_start_ms = 1'000;
inline constexpr std::int64_t verify_interval_ms = std::int64_t{6} * 3'600 * 1'000;
inline constexpr std::size_t verify_bytes_per_s = 32u << 20;
inline constexpr std::size_t verify_step_bytes = 1u << 20;
// How often a node looks for records whose expiry has come, unless it is told.
inline constexpr std::int64_t collect_interval_ms_default = std::int64_t{30} * 60 * 1'000;
inline constexpr std::int64_t collect_deadline_ms = std::int64_t{5} * 60 * 1'000;  // of one collection
// A disk that was damaged more often than this is failing. Also how often one process begins anew on an emptied disk.
inline constexpr unsigned damaged_copies_max = 3;

inline constexpr std::size_t digest_buckets = 256;
inline constexpr std::size_t members_max = 31;
inline constexpr std::size_t node_name_bytes_max = 32;

static_assert(4 * title_characters_max * 2 + content_bytes_max + metadata_bytes_max * 2 + tags_max * tag_bytes_max
                  + 4 * namespace_characters_max * 2 + 4096
              < entry_bytes_max);
static_assert(entry_bytes_max <= frame_entries_bytes_max && frame_entries_bytes_max < frame_bytes_max);
static_assert(frame_entries_bytes_max + frame_questions_bytes_max + entry_bytes_max < frame_bytes_max);
static_assert(frame_bytes_max <= link_window_bytes_max);
static_assert(link_window_bytes_min <= link_window_bytes_first && link_window_bytes_first <= link_window_bytes_max);
static_assert(link_queue_ms_quick < link_queue_ms_max && link_queue_ms_max + heartbeat_ms < suspicion_ms);

}  // namespace quorate::limits
