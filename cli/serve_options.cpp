#include "cli/serve_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include "cli/commands.hpp"
#include "cli/incremental_files.hpp"
#include "cli/key_file.hpp"
#include "cli/parse.hpp"
#include "cli/verb.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

struct named_level {
  std::string_view name;
  logging::level value;
};
constexpr std::array<named_level, 5> levels{{{"debug", logging::level::debug},
                                             {"info", logging::level::info},
                                             {"warn", logging::level::warn},
                                             {"error", logging::level::error},
                                             {"off", logging::level::off}}};
constexpr const char* config_section = "serve";

/// Reads a duration over its default; an empty text leaves it.
status read_duration(const std::string& flag, const std::string& text, std::int64_t least_ms, std::int64_t* value) {
  if (text.empty()) return {};
  const auto parsed = parse_duration_ms(flag, text);
  if (!parsed) return parsed.error();
  if (*parsed < least_ms)
    return status::invalid(flag, "must be at least " + std::to_string(least_ms) + "ms, got " + text);
  *value = *parsed;
  return {};
}

status read_times(const serve_flags& flags, node_options* node) {
  if (auto read = read_duration("--quorum-timeout", flags.quorum_timeout, 1, &node->quorum_timeout_ms); !read)
    return read;
  if (auto read = read_duration("--max-clock-offset", flags.max_clock_offset, 1, &node->max_clock_offset_ms); !read)
    return read;
  if (auto read = read_duration("--collect-interval", flags.collect_interval, 100, &node->collect_interval_ms); !read)
    return read;
  return read_duration("--relay-delay", flags.relay_delay, 0, &node->relay_delay_ms);
}

status read_members(const serve_flags& flags, node_options* node) {
  node->name = flags.name;
  if (!flags.cluster_id.empty()) node->cluster_id = flags.cluster_id;
  for (const auto& text : flags.peers) {
    auto peer = parse_peer("--peer", text);
    if (!peer) return peer.error();
    node->peers.push_back(std::move(*peer));
  }
  if (flags.write_quorum.empty()) return {};
  const auto quorum = parse_number("--write-quorum", flags.write_quorum, 1, limits::members_max);
  if (!quorum) return quorum.error();
  node->write_quorum = static_cast<unsigned>(*quorum);
  return {};
}

/// An address to serve on, which other machines may reach only when that is wanted.
status read_door(const std::string& flag, const std::string& text, std::uint16_t port, bool insecure,
                 std::string* door) {
  auto address = parse_address(flag, text.empty() ? "127.0.0.1" : text, true, port);
  if (!address) return address.error();
  if (!is_loopback(*address) && !insecure)
    return status::invalid(flag, *address + " can be reached from other machines without encryption or login; "
                                     + "listen on 127.0.0.1, or accept that with --insecure-listen");
  *door = std::move(*address);
  return {};
}

status read_api_key(const std::string& file, std::string* key) {
  std::ifstream in(file);
  if (!in || !std::getline(in, *key))
    return status::invalid("--api-key-file", "cannot read a key from " + file + "; its first line is the key");
  if (!key->empty() && key->back() == '\r') key->pop_back();
  if (key->empty()) return status::invalid("--api-key-file", "the first line of " + file + " is empty");
  return {};
}

status read_doors(const serve_flags& flags, serve_options* options) {
  if (auto read = read_door("--listen", flags.listen, port_default, flags.insecure_listen, &options->listen); !read)
    return read;
  if (flags.http.empty()) {
    if (flags.api_key_file.empty()) return {};
    return status::invalid("--api-key-file", "is for HTTP, which is served only with --http");
  }
  if (auto read = read_door("--http", flags.http, http_port_default, flags.insecure_listen, &options->http); !read)
    return read;
  return flags.api_key_file.empty() ? status() : read_api_key(flags.api_key_file, &options->api_key);
}

/// Without a key a node would believe everybody who reaches it, or whom it reaches, to be the peer he says he is.
status check_peers_alone(const std::string& listen, const std::vector<peer_member>& peers) {
  constexpr const char* remedy =
      "; make a key with 'quorate cluster-key FILE' and start every member with a copy of it: --cluster-key-file FILE";
  for (const auto& peer : peers)
    if (!is_loopback(peer.address))
      return status::invalid(
          "--peer", peer.name + "=" + peer.address
                        + " is not on this machine, and without a key nothing proves who answers there" + remedy);
  if (!peers.empty() && !is_loopback(listen))
    return status::invalid("--listen", listen
                                           + " can be reached from other machines, and without a key whoever comes from "
                                             "there could pass for a peer"
                                           + remedy);
  return {};
}

status take_cluster_key(const serve_flags& flags, serve_options* options) {
  if (flags.cluster_key_file.empty()) return check_peers_alone(options->listen, options->node.peers);
  auto key = read_cluster_key("--cluster-key-file", flags.cluster_key_file);
  if (!key) return key.error();
  options->node.cluster_key = std::move(*key);
  return {};
}

status read_logging(const serve_flags& flags, serve_options* options) {
  if (!flags.format.empty() && flags.format != "text" && flags.format != "json")
    return status::invalid("--log-format", "must be text or json, got \"" + flags.format + "\"");
  if (flags.format == "json") options->format = logging::format::json;
  if (flags.level.empty()) return {};
  const auto found =
      std::find_if(levels.begin(), levels.end(), [&](const auto& level) { return level.name == flags.level; });
  if (found == levels.end())
    return status::invalid("--log-level", "must be debug, info, warn, error or off, got \"" + flags.level + "\"");
  options->level = found->value;
  return {};
}

status read_damage(const serve_flags& flags, on_damage* damage) {
  if (!flags.damage.empty() && flags.damage != "refill" && flags.damage != "stop")
    return status::invalid("--on-damage", "must be refill or stop, got \"" + flags.damage + "\"");
  if (flags.damage == "stop") *damage = on_damage::stop;
  return {};
}

/// Gives every flag that was not set otherwise the value from the file. Unknown names are errors: a misspelt flag
/// must not be a flag silently left out.
status read_config(CLI::App& verb, const std::string& file) {
  if (file.empty()) return {};
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_file(file);
  } catch (const CLI::Error& error) {
    return status::invalid("--config", "cannot read " + file + ": " + error.what());
  }
  for (const auto& item : items) {
    if (item.name == "++" || item.name == "--") continue;
    const bool ours = item.parents.empty() || (item.parents.size() == 1 && item.parents.front() == config_section);
    auto* flag = ours ? verb.get_option_no_throw("--" + item.name) : nullptr;
    if (flag == nullptr || item.name == "config" || item.name == "help")
      return status::invalid(
          "--config", file + " sets " + item.fullname() + ", which is no flag of serve; remove it or mend its name");
    if (flag->count() > 0) continue;
    try {
      // As on a command line: a bare flag, or a value or several.
      if (flag->get_expected_min() == 0)
        flag->add_result(flag->get_flag_value(item.name, CLI::ConfigTOML().to_flag(item)));
      else
        for (const auto& value : item.inputs) flag->add_result(value);
      flag->run_callback();
    } catch (const CLI::Error& error) {
      return status::invalid("--config", file + ": " + error.what());
    }
  }
  return {};
}

int serve(session& run, CLI::App& verb, serve_flags& flags) {
  // "quorate --data DIR serve": the flag of all verbs was meant for this one.
  if (auto* data = verb.get_option("--data"); data->count() == 0 && !run.data.empty()) {
    data->add_result(run.data);
    data->run_callback();
  }
  if (const auto read = read_config(verb, flags.config); !read) return run.complain(read);
  const auto options = resolve(flags);
  if (!options) return run.complain(options.error());
  if (!run.parts().serve) return run.complain("this program was built without a node", exit_failed);
  return run.parts().serve(*options, run.out(), run.terminal().err);
}

}  // namespace

result<serve_options> resolve(const serve_flags& flags) {
  serve_options options;
  if (flags.name.empty())
    return status::invalid("--name", "is missing: the node's name, the same at every start and unlike every peer's");
  if (flags.data.empty()) return status::invalid("--data", "is missing: the directory that keeps the node's records");
  options.directory = flags.data;
  options.backup_directory = flags.backup_directory;
  if (auto apart = check_backup_place("--backup-dir", flags.backup_directory, flags.data); !apart) return apart;
  if (auto read = read_members(flags, &options.node); !read) return read;
  if (auto read = read_times(flags, &options.node); !read) return read;
  if (auto read = read_doors(flags, &options); !read) return read;
  if (auto read = take_cluster_key(flags, &options); !read) return read;
  if (auto read = read_logging(flags, &options); !read) return read;
  if (auto read = read_damage(flags, &options.damage); !read) return read;
  options.node.index_words_at_start = true;
  options.node.enable_drills = flags.enable_drills;
  options.node.accept_loss = flags.accept_loss;
  options.node.adopt_peers = flags.adopt_peers;
  return options;
}

void add_serve_command(CLI::App& program, session& run) {
  auto flags = std::make_shared<serve_flags>();
  auto& verb =
      add_verb(program, "serve", "Run a node until SIGTERM or SIGINT",
               "quorate serve --name a --data /var/lib/quorate --listen 10.0.0.1:7411 --insecure-listen \\\n"
               "    --peer b=10.0.0.2:7411 --peer c=10.0.0.3:7411 --cluster-key-file /etc/quorate/cluster.key");
  const auto add = [&verb](const char* flag, const char* environment, auto& value, const char* help) {
    return verb.add_option(flag, value, help)->envname(environment);
  };
  add("--name", "QUORATE_NAME", flags->name, "Name of this node, unique in the cluster");
  add("--data", "QUORATE_DATA", flags->data, "Directory of its records");
  add("--listen", "QUORATE_LISTEN", flags->listen, "Address to serve on (default 127.0.0.1:7411)");
  add("--http", "QUORATE_HTTP", flags->http, "Address to serve HTTP on, e.g. 127.0.0.1:7412 (default: none)");
  add("--api-key-file", "QUORATE_API_KEY_FILE", flags->api_key_file, "File whose first line HTTP requests must show");
  add("--peer", "QUORATE_PEER", flags->peers, "Another member, as name=host:port; once for each")->delimiter(',');
  add("--cluster-id", "QUORATE_CLUSTER_ID", flags->cluster_id, "The same on all members (default quorate)");
  add("--cluster-key-file", "QUORATE_CLUSTER_KEY_FILE", flags->cluster_key_file,
      "File made by 'quorate cluster-key', the same on all members (needed for peers on other machines)");
  add("--write-quorum", "QUORATE_WRITE_QUORUM", flags->write_quorum,
      "Copies on disk before a write is acknowledged (default a majority)");
  add("--quorum-timeout", "QUORATE_QUORUM_TIMEOUT", flags->quorum_timeout, "Longest wait for them (default 2s)");
  add("--max-clock-offset", "QUORATE_MAX_CLOCK_OFFSET", flags->max_clock_offset,
      "Furthest this clock may be from the others' (default 2s)");
  add("--relay-delay", "QUORATE_RELAY_DELAY", flags->relay_delay,
      "Wait before passing on what another member wrote (default 500ms)");
  add("--collect-interval", "QUORATE_COLLECT_INTERVAL", flags->collect_interval,
      "How often records whose expiry has come go to the archive (default 30m)");
  add("--backup-dir", "QUORATE_BACKUP_DIR", flags->backup_directory,
      "Where 'backup --incremental' makes this node put its backups (default: it makes none)");
  add("--on-damage", "QUORATE_ON_DAMAGE", flags->damage,
      "When the disk is damaged: refill from the others (the default) or stop");
  add("--log-format", "QUORATE_LOG_FORMAT", flags->format, "text (the default) or json");
  add("--log-level", "QUORATE_LOG_LEVEL", flags->level, "debug, info (the default), warn, error or off");
  add("--config", "QUORATE_CONFIG", flags->config, "TOML file with any of these flags, without their dashes");
  verb.add_flag("--accept-loss", flags->accept_loss,
                "Count this node at once though its disk is empty: writes that only lost disks held are given up")
      ->envname("QUORATE_ACCEPT_LOSS");
  verb.add_flag(
          "--adopt-peers", flags->adopt_peers,
          "Make the directory, used without peers or restored, the first of a cluster: the others are filled from it")
      ->envname("QUORATE_ADOPT_PEERS");
  verb.add_flag("--enable-drills", flags->enable_drills, "Allow admin drill")->envname("QUORATE_ENABLE_DRILLS");
  verb.add_flag("--insecure-listen", flags->insecure_listen, "Allow --listen and --http to reach beyond this machine")
      ->envname("QUORATE_INSECURE_LISTEN");
  verb.callback([&run, &verb, flags] { run.exit = serve(run, verb, *flags); });
}

}  // namespace quorate::cli
