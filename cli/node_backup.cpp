#include "cli/node_backup.hpp"

#include <filesystem>

#include "memory/timestamp.hpp"
#include "proto/clock.hpp"
#include "storage/incremental_backup.hpp"
#include "storage/rocks_store.hpp"

namespace quorate::cli {

result<incremental_made> back_up_incrementally(const storage::store& disk, const incremental_order& order) {
  const auto directory = std::filesystem::absolute(order.directory).lexically_normal().string();
  storage::backup_lock lock;
  if (auto taken = lock.take_to_write(directory); !taken) return taken;
  // The time at which it was begun: what is older is in it.
  const auto now_ms = system_clock().wall_ms();
  const auto made = disk.back_up({directory, order.give_up, {}});
  if (!made) return made.error();
  incremental_manifest content;
  content.id = made->number;
  content.bytes = made->bytes;
  content.new_bytes = made->new_bytes;
  content.files = made->files;
  content.source = std::filesystem::absolute(order.source).lexically_normal().string();
  content.created_at = memory::format_timestamp(now_ms);
  auto written = write_incremental_manifest(directory, std::move(content));
  if (!written) return written.error();
  // The manifests first: a backup without one is never taken for a backup.
  const auto rotated = rotate_incremental_manifests(directory, order.keep);
  if (!rotated) return rotated.error();
  if (rotated->removed > 0)
    if (auto removed = storage::remove_backups_before(directory, rotated->oldest_kept); !removed) return removed;
  return incremental_made{std::move(*written), rotated->removed};
}

result<incremental_made> back_up_directory(const std::string& data, const std::string& to, std::uint32_t keep) {
  auto owner = storage::owner_of_directory(data);
  if (!owner) return owner.error();
  storage::rocks_options options;
  options.directory = data;
  options.identity = std::move(*owner);
  const auto disk = storage::open_rocks_store(options);
  if (!disk) return disk.error();
  return back_up_incrementally(**disk, {to, data, keep, {}});
}

status verify_incremental(const incremental_backup_files& backup) {
  storage::backup_lock lock;
  if (auto taken = lock.take_to_read(backup.directory); !taken) return taken;
  // First: it is what the files are compared with.
  if (auto checked = check_list(backup); !checked) return checked;
  const auto found = storage::verify_incremental_backup(backup.directory, backup.content.id);
  if (!found) return found.error();
  if (found->bytes != backup.content.bytes || found->files != backup.content.files)
    return {errc::corruption, "backup " + std::to_string(backup.content.id) + " in " + backup.directory
                                  + " is not of the size its manifest says"};
  return {};
}

result<restored_directory> restore_incremental(const incremental_backup_files& backup, const restore_target& target) {
  storage::backup_lock lock;
  if (auto taken = lock.take_to_read(backup.directory); !taken) return taken;
  if (auto checked = check_list(backup); !checked) return checked;
  auto restored = storage::restore_rocks_store({target.directory, {target.cluster_id, target.name}}, backup.directory,
                                               backup.content.id);
  if (!restored) return restored.error();
  return restored_directory{restored->owner.cluster_id, restored->owner.node_name, restored->rows};
}

}  // namespace quorate::cli
