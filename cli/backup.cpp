// The verbs that copy a whole node: backup, verify, restore.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/backup_files.hpp"
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "cli/verb.hpp"
#include "proto/clock.hpp"

namespace quorate::cli {
namespace {

constexpr std::uint64_t keep_max = 1'000'000;
constexpr std::size_t piece_bytes = 1u << 20;

struct backup_flags {
  std::string to = "./backups";
  std::string keep = "48";
};

struct restore_flags {
  std::string from;
  std::string name;
  std::string cluster_id;
};

std::string line_of(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int backup(session& run, const backup_flags& flags) {
  const auto keep = parse_number("--keep", flags.keep, 0, keep_max);
  if (!keep) return run.complain(keep.error());
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
  const auto removed = rotate_backups(flags.to, *keep);
  if (!removed) return run.complain(removed.error());
  if (run.json)
    run.out() << to_json(made->content, false) << '\n';
  else
    run.out() << "backed up: " << made->snapshot_path << " (" << made->content.bytes << " bytes), " << *removed
              << " older removed\n";
  return exit_done;
}

int verify(session& run, const std::string& from) {
  const auto found = find_backup(from);
  if (!found) return run.complain(found.error());
  if (auto verified = verify_backup(*found); !verified) return run.complain(verified);
  if (run.json)
    run.out() << line_of({{"status", "verified"}, {"snapshot", found->snapshot_path}, {"bytes", found->content.bytes}});
  else
    run.out() << "verified: " << found->snapshot_path << '\n';
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

int restore(session& run, const restore_flags& flags) {
  if (run.data.empty()) return run.complain(status::invalid("--data", "names the directory to make"));
  if (!run.parts().restore) return run.complain(status::invalid("--data", "this program was built without a node"));
  const auto found = find_backup(flags.from);
  if (!found) return run.complain(found.error());
  if (auto verified = verify_backup(*found); !verified) return run.complain(verified);
  file_pieces pieces(found->snapshot_path);
  const auto restored =
      run.parts().restore({run.data, flags.cluster_id, flags.name, [&pieces] { return pieces.next(); }});
  if (!restored) return run.complain(restored.error());
  if (run.json)
    run.out() << line_of({{"status", "restored"},
                          {"from", found->snapshot_path},
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
                               "quorate backup --to backups --keep 7");
  backup_verb.add_option("--to", saved->to, "The directory; made when absent")->type_name("DIR")->capture_default_str();
  backup_verb.add_option("--keep", saved->keep, "Remove older backups beyond so many; 0 = keep all")
      ->capture_default_str();
  backup_verb.callback([&run, saved] { run.exit = backup(run, *saved); });

  auto path = std::make_shared<std::string>();
  auto& verify_verb =
      add_verb(program, "verify", "Check a backup against its manifest", "quorate verify --from backups");
  verify_verb.add_option("--from", *path, "A directory of backups (the newest counts), a snapshot or a manifest")
      ->required();
  verify_verb.callback([&run, path] { run.exit = verify(run, *path); });

  auto flags = std::make_shared<restore_flags>();
  auto& restore_verb = add_verb(program, "restore", "Make a data directory of a backup; --data names it",
                                "quorate restore --from backups --data /var/lib/quorate");
  restore_verb
      .add_option("--from", flags->from, "A directory of backups (the newest counts), a snapshot or a manifest")
      ->required();
  restore_verb.add_option("--name", flags->name, "The node it is to belong to; default: the one that was backed up");
  restore_verb.add_option("--cluster-id", flags->cluster_id, "The same for the cluster");
  restore_verb.callback([&run, flags] { run.exit = restore(run, *flags); });
}

}  // namespace quorate::cli
