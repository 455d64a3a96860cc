// The verbs that copy a whole node: backup, verify, restore.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <variant>

#include "cli/backup_files.hpp"
#include "cli/commands.hpp"
#include "cli/incremental_files.hpp"
#include "cli/parse.hpp"
#include "cli/verb.hpp"
#include "proto/clock.hpp"
#include "quorate/v1/admin.pb.h"

namespace quorate::cli {
namespace {

constexpr std::uint64_t keep_max = 1'000'000;
constexpr std::size_t piece_bytes = 1u << 20;

struct backup_flags {
  std::string to = "./backups";
  std::string keep = "48";
  bool incremental = false;
};

struct verify_flags {
  std::string from;
  std::string backup;
};

struct restore_flags {
  std::string from;
  std::string backup;
  std::string name;
  std::string cluster_id;
};

std::string line_of(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int report_incremental(session& run, const v1::BackupIntoReply& made) {
  if (run.json)
    run.out() << line_of({{"id", made.id()},
                          {"bytes", made.bytes()},
                          {"new_bytes", made.new_bytes()},
                          {"removed", made.removed()},
                          {"manifest", made.manifest()}});
  else
    run.out() << "backed up: " << made.manifest() << " (" << made.bytes() << " bytes, " << made.new_bytes()
              << " of them new), " << made.removed() << " older removed\n";
  return exit_done;
}

int backup_incrementally(session& run, const backup_flags& flags, bool to_is_given, std::uint32_t keep) {
  v1::BackupIntoReply made;
  if (!run.data.empty()) {
    if (!run.parts().back_up_directory)
      return run.complain(status::invalid("--data", "this program was built without a node"));
    if (auto apart = check_backup_place("--to", flags.to, run.data); !apart) return run.complain(apart);
    const auto backup = run.parts().back_up_directory(run.data, flags.to, keep);
    if (!backup) return run.complain(backup.error());
    made.set_id(backup->backup.content.id);
    made.set_bytes(backup->backup.content.bytes);
    made.set_new_bytes(backup->backup.content.new_bytes);
    made.set_removed(backup->removed);
    made.set_manifest(backup->backup.manifest_path);
    return report_incremental(run, made);
  }
  if (to_is_given)
    return run.complain(status::invalid("--to",
                                        "cannot be chosen for a node that runs: with --incremental it writes to "
                                        "the directory it was given as --backup-dir"));
  const auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::BackupIntoRequest request;
  request.set_keep(keep);
  if (const auto call = (*client)->back_up_into(request, &made); !call.ok()) return run.complain(call);
  return report_incremental(run, made);
}

int backup(session& run, const backup_flags& flags, bool to_is_given) {
  const auto keep = parse_number("--keep", flags.keep, 0, keep_max);
  if (!keep) return run.complain(keep.error());
  if (flags.incremental) return backup_incrementally(run, flags, to_is_given, static_cast<std::uint32_t>(*keep));
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  net::call_result call;
  const auto source = run.data.empty() ? run.endpoints : run.data;
  auto made = write_backup(flags.to, source, system_clock().wall_ms(), [&](const auto& append) {
    call = (*client)->backup(append);
    return call.ok() ? status() : status(errc::unavailable, call.message);
  });
  if (!call.ok()) return run.complain(call);
  if (!made) return run.complain(made.error());
  const auto removed = rotate_backups(flags.to, *keep, made->manifest_path);
  if (!removed) return run.complain(removed.error());
  if (run.json)
    run.out() << to_json(made->content, false) << '\n';
  else
    run.out() << "backed up: " << made->snapshot_path << " (" << made->content.bytes << " bytes), " << *removed
              << " older removed\n";
  return exit_done;
}

/// The backup a command line names.
result<any_backup> find_named(const std::string& from, const std::string& backup) {
  if (backup.empty()) return find_any_backup(from);
  const auto id = parse_number("--backup", backup, 1, std::numeric_limits<std::uint32_t>::max());
  if (!id) return id.error();
  return find_any_backup(from, static_cast<std::uint32_t>(*id));
}

int verify(session& run, const backup_pair& found) {
  if (auto verified = verify_backup(found); !verified) return run.complain(verified);
  if (run.json)
    run.out() << line_of({{"status", "verified"}, {"snapshot", found.snapshot_path}, {"bytes", found.content.bytes}});
  else
    run.out() << "verified: " << found.snapshot_path << '\n';
  return exit_done;
}

int verify(session& run, const incremental_backup_files& found) {
  if (!run.parts().verify_incremental)
    return run.complain(status::invalid("--from", "this program was built without a node"));
  if (auto verified = run.parts().verify_incremental(found); !verified) return run.complain(verified);
  if (run.json)
    run.out() << line_of({{"status", "verified"},
                          {"manifest", found.manifest_path},
                          {"id", found.content.id},
                          {"bytes", found.content.bytes}});
  else
    run.out() << "verified: " << found.manifest_path << " (" << found.content.files << " files, " << found.content.bytes
              << " bytes)\n";
  return exit_done;
}

/// A file in pieces.
class file_pieces {
 public:
  explicit file_pieces(const std::string& path) : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~file_pieces() {
    if (file_ >= 0) ::close(file_);
  }
  file_pieces(const file_pieces&) = delete;
  file_pieces& operator=(const file_pieces&) = delete;

  result<std::string> next() {
    std::string piece(piece_bytes, '\0');
    const auto taken = file_ < 0 ? -1 : ::read(file_, piece.data(), piece.size());
    if (taken < 0) return status(errc::storage_failure, "cannot read " + path_ + ": " + std::strerror(errno));
    piece.resize(static_cast<std::size_t>(taken));
    return piece;
  }

 private:
  const std::string path_;
  const int file_;
};

result<restored_directory> restore_from(session& run, const backup_pair& found, const restore_target& target) {
  if (auto verified = verify_backup(found); !verified) return verified;
  file_pieces pieces(found.snapshot_path);
  return run.parts().restore({target, [&pieces] { return pieces.next(); }});
}

result<restored_directory> restore_from(session& run, const incremental_backup_files& found,
                                        const restore_target& target) {
  return run.parts().restore_incremental(found, target);
}

std::string path_of(const backup_pair& found) { return found.snapshot_path; }
std::string path_of(const incremental_backup_files& found) { return found.manifest_path; }

int restore(session& run, const restore_flags& flags) {
  if (run.data.empty()) return run.complain(status::invalid("--data", "names the directory to make"));
  if (!run.parts().restore || !run.parts().restore_incremental)
    return run.complain(status::invalid("--data", "this program was built without a node"));
  const auto found = find_named(flags.from, flags.backup);
  if (!found) return run.complain(found.error());
  const restore_target target{run.data, flags.cluster_id, flags.name};
  const auto restored = std::visit([&](const auto& one) { return restore_from(run, one, target); }, *found);
  if (!restored) return run.complain(restored.error());
  const auto from = std::visit([](const auto& one) { return path_of(one); }, *found);
  if (run.json)
    run.out() << line_of({{"status", "restored"},
                          {"from", from},
                          {"to", run.data},
                          {"name", restored->name},
                          {"cluster_id", restored->cluster_id},
                          {"rows", restored->rows}});
  else
    run.out() << "restored: " << run.data << " as node " << restored->name << " of cluster " << restored->cluster_id
              << '\n';
  return exit_done;
}

}  // namespace

void add_backup_commands(CLI::App& program, session& run) {
  auto saved = std::make_shared<backup_flags>();
  auto& backup_verb = add_verb(program, "backup", "Copy all that one node holds, while it works, into a directory",
                               "quorate backup --to backups --keep 7\n  "
                               "quorate backup --incremental --keep 7 --endpoints 127.0.0.1:7411\n  "
                               "quorate backup --incremental --to backups --keep 7 --data /var/lib/quorate");
  auto* to = backup_verb.add_option("--to", saved->to, "The directory; made when absent")
                 ->type_name("DIR")
                 ->capture_default_str();
  backup_verb.add_option("--keep", saved->keep, "Remove older backups beyond so many; 0 = keep all")
      ->capture_default_str();
  backup_verb.add_flag("--incremental", saved->incremental,
                       "Copy only what no earlier backup has: of --data to --to, or the node to its own --backup-dir");
  backup_verb.callback([&run, saved, to] { run.exit = backup(run, *saved, to->count() > 0); });

  constexpr const char* from_help = "A directory of backups (the newest counts), a snapshot or a manifest";
  constexpr const char* backup_help = "The incremental backup of this number in the directory, instead of the newest";
  auto check = std::make_shared<verify_flags>();
  auto& verify_verb =
      add_verb(program, "verify", "Check a backup against its manifest", "quorate verify --from backups");
  verify_verb.add_option("--from", check->from, from_help)->required();
  verify_verb.add_option("--backup", check->backup, backup_help)->type_name("ID");
  verify_verb.callback([&run, check] {
    const auto found = find_named(check->from, check->backup);
    run.exit =
        found ? std::visit([&](const auto& one) { return verify(run, one); }, *found) : run.complain(found.error());
  });

  auto flags = std::make_shared<restore_flags>();
  auto& restore_verb = add_verb(program, "restore", "Make a data directory of a backup; --data names it",
                                "quorate restore --from backups --data /var/lib/quorate");
  restore_verb.add_option("--from", flags->from, from_help)->required();
  restore_verb.add_option("--backup", flags->backup, backup_help)->type_name("ID");
  restore_verb.add_option("--name", flags->name, "The node it is to belong to; default: the one that was backed up");
  restore_verb.add_option("--cluster-id", flags->cluster_id, "The same for the cluster");
  restore_verb.callback([&run, flags] { run.exit = restore(run, *flags); });
}

}  // namespace quorate::cli
