#include "cli/serve_options.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "cli/command_line.hpp"
#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;

namespace {

struct serve_run {
  int exit = -1;
  std::string err;
  std::optional<serve_options> options;  ///< what the node would be started with
};

serve_run run_serve(std::vector<std::string> arguments) {
  serve_run run;
  node_parts parts;
  parts.serve = [&](const serve_options& options, std::ostream&, std::ostream&) {
    run.options = options;
    return 0;
  };
  if (std::find(arguments.begin(), arguments.end(), "serve") == arguments.end())
    arguments.insert(arguments.begin(), "serve");
  std::istringstream in;
  std::ostringstream out, err;
  run.exit = run_command_line(std::move(arguments), {in, out, err}, parts);
  run.err = err.str();
  CHECK(out.str().empty());
  return run;
}

class environment_variable {
 public:
  environment_variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~environment_variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_SUITE("cli.serve_options") {
  TEST_CASE("every flag arrives") {
    const auto run = run_serve({"--name",
                                "a",
                                "--data",
                                "/d",
                                "--listen",
                                "127.0.0.1:7400",
                                "--peer",
                                "b=127.0.0.1:7421",
                                "--peer",
                                "c=127.0.0.1:7431",
                                "--cluster-id",
                                "x",
                                "--write-quorum",
                                "3",
                                "--quorum-timeout",
                                "1s",
                                "--max-clock-offset",
                                "3s",
                                "--relay-delay",
                                "0ms",
                                "--backup-dir",
                                "/backups",
                                "--enable-drills",
                                "--accept-loss",
                                "--adopt-peers",
                                "--on-damage",
                                "stop",
                                "--log-format",
                                "json",
                                "--log-level",
                                "debug"});
    REQUIRE(run.options);
    CHECK(run.options->damage == on_damage::stop);
    const auto& options = *run.options;
    CHECK(options.node.name == "a");
    CHECK(options.directory == "/d");
    CHECK(options.backup_directory == "/backups");
    CHECK(options.listen == "127.0.0.1:7400");
    REQUIRE(options.node.peers.size() == 2);
    CHECK(options.node.peers[1].name == "c");
    CHECK(options.node.peers[1].address == "127.0.0.1:7431");
    CHECK(options.node.cluster_id == "x");
    CHECK(options.node.write_quorum == 3);
    CHECK(options.node.quorum_timeout_ms == 1'000);
    CHECK(options.node.max_clock_offset_ms == 3'000);
    CHECK(options.node.relay_delay_ms == 0);
    CHECK(options.node.enable_drills);
    CHECK(options.node.accept_loss);
    CHECK(options.node.adopt_peers);
    CHECK(options.format == logging::format::json);
    CHECK(options.level == logging::level::debug);
  }

  TEST_CASE("backups are not put where they would be set aside with what they are of") {
    const auto run = run_serve({"--name", "a", "--data", "/d", "--backup-dir", "/d/backups"});
    CHECK_FALSE(run.options);
    CHECK(run.exit == 2);
    CHECK(run.err.find("--backup-dir") != std::string::npos);
  }

  TEST_CASE("what is not given has the node's defaults") {
    const auto run = run_serve({"--name", "a", "--data", "/d"});
    REQUIRE(run.options);
    const node_options defaults;
    CHECK(run.options->listen == "127.0.0.1:7411");
    CHECK(run.options->node.write_quorum == 0);
    CHECK(run.options->node.cluster_id == defaults.cluster_id);
    CHECK(run.options->node.quorum_timeout_ms == defaults.quorum_timeout_ms);
    CHECK_FALSE(run.options->node.enable_drills);
    CHECK_FALSE(run.options->node.adopt_peers);
    CHECK(run.options->level == logging::level::info);
  }

  TEST_CASE("every flag can come from a file, and a list of peers as a list") {
    const scratch_directory scratch;
    const auto file = scratch.write("config.toml",
                                    "# a node\nname = \"a\"\ndata = '/d'\nlisten = \"127.0.0.1:7400\"\n"
                                    "peer = [\"b=127.0.0.1:7421\", \"c=127.0.0.1:7431\"]\nwrite-quorum = 2\n"
                                    "quorum-timeout = \"1s\"\nenable-drills = true\ninsecure-listen = false\n");
    const auto run = run_serve({"--config", file});
    CHECK(run.err.empty());
    REQUIRE(run.options);
    CHECK(run.options->node.name == "a");
    CHECK(run.options->directory == "/d");
    REQUIRE(run.options->node.peers.size() == 2);
    CHECK(run.options->node.peers[0].address == "127.0.0.1:7421");
    CHECK(run.options->node.write_quorum == 2);
    CHECK(run.options->node.quorum_timeout_ms == 1'000);
    CHECK(run.options->node.enable_drills);
  }

  TEST_CASE("the section of a file may be named serve") {
    const scratch_directory scratch;
    const auto run = run_serve({"--config", scratch.write("c", "[serve]\nname = \"a\"\ndata = \"/d\"\n")});
    CHECK(run.err.empty());
    REQUIRE(run.options);
    CHECK(run.options->node.name == "a");
  }

  TEST_CASE("the command line goes before the environment, and that before the file") {
    const scratch_directory scratch;
    const auto file = scratch.write("c", "name = \"file\"\ndata = \"/file\"\ncluster-id = \"file\"\n");
    const environment_variable name("QUORATE_NAME", "environment"), data("QUORATE_DATA", "/environment");
    const environment_variable peers("QUORATE_PEER", "b=127.0.0.1:1,c=127.0.0.1:2");
    const environment_variable drills("QUORATE_ENABLE_DRILLS", "true");
    const auto run = run_serve({"--config", file, "--name", "flag"});
    REQUIRE(run.options);
    CHECK(run.options->node.name == "flag");
    CHECK(run.options->directory == "/environment");
    CHECK(run.options->node.cluster_id == "file");
    CHECK(run.options->node.peers.size() == 2);
    CHECK(run.options->node.enable_drills);
  }

  TEST_CASE("the data directory of a node in the environment does not make other verbs embedded") {
    fake_node node;
    accept_stores(node);
    const environment_variable data("QUORATE_DATA", "/environment"), at("QUORATE_ENDPOINTS", node.address().c_str());
    CHECK(run_program({"store", "--title", "T", "--content", "C"}).exit == 0);
  }

  TEST_CASE("a data directory before the verb is the node's") {
    const scratch_directory scratch;
    const auto file = scratch.write("c", "name = \"a\"\ndata = \"/file\"\n");
    const auto run = run_serve({"--data", "/d", "serve", "--config", file});
    REQUIRE(run.options);
    CHECK(run.options->directory == "/d");
  }

  TEST_CASE("what is wrong is one line that names the flag, and the exit code is 2") {
    const scratch_directory scratch;
    struct fault {
      std::vector<std::string> arguments;
      const char* names;
    };
    const std::vector<fault> faults{{{"--data", "/d"}, "--name"},
                                    {{"--name", "a"}, "--data"},
                                    {{"--name", "a", "--data", "/d", "--listen", "nonsense:x"}, "--listen"},
                                    {{"--name", "a", "--data", "/d", "--peer", "b"}, "--peer"},
                                    {{"--name", "a", "--data", "/d", "--write-quorum", "0"}, "--write-quorum"},
                                    {{"--name", "a", "--data", "/d", "--write-quorum", "many"}, "--write-quorum"},
                                    {{"--name", "a", "--data", "/d", "--quorum-timeout", "2"}, "--quorum-timeout"},
                                    {{"--name", "a", "--data", "/d", "--quorum-timeout", "0s"}, "--quorum-timeout"},
                                    {{"--name", "a", "--data", "/d", "--log-format", "xml"}, "--log-format"},
                                    {{"--name", "a", "--data", "/d", "--log-level", "loud"}, "--log-level"},
                                    {{"--config", scratch.file("none")}, "--config"},
                                    {{"--config", scratch.write("misspelt", "nmae = \"a\"\n")}, "nmae"},
                                    {{"--config", scratch.write("foreign", "[store]\nname = \"a\"\n")}, "store.name"}};
    for (const auto& fault : faults) {
      CAPTURE(fault.names);
      const auto run = run_serve(fault.arguments);
      CHECK(run.exit == 2);
      CHECK_FALSE(run.options.has_value());
      CHECK(run.err.find(fault.names) != std::string::npos);
      CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
    }
  }

  TEST_CASE("a listener that other machines reach needs an explicit flag") {
    const std::vector<std::string> open{"--name", "a", "--data", "/d", "--listen", "0.0.0.0:7411"};
    const auto refused = run_serve(open);
    CHECK(refused.exit == 2);
    CHECK(refused.err.find("--insecure-listen") != std::string::npos);
    auto accepted = open;
    accepted.emplace_back("--insecure-listen");
    CHECK(run_serve(accepted).options->listen == "0.0.0.0:7411");
  }

  TEST_CASE("the cluster key comes from its file, named by flag, environment or configuration") {
    const scratch_directory scratch;
    const auto file = scratch.write("key", std::string(64, '7') + "\n");
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
    const std::vector<std::string> least{"--name", "a", "--data", "/d"};
    const std::string key(32, '\x77');
    CHECK(run_serve(least).options->node.cluster_key.empty());
    auto flag = least;
    flag.insert(flag.end(), {"--cluster-key-file", file});
    CHECK(run_serve(flag).options->node.cluster_key == key);
    auto config = least;
    config.insert(config.end(), {"--config", scratch.write("c", "cluster-key-file = '" + file + "'\n")});
    CHECK(run_serve(config).options->node.cluster_key == key);
    {
      const environment_variable variable("QUORATE_CLUSTER_KEY_FILE", file.c_str());
      CHECK(run_serve(least).options->node.cluster_key == key);
    }
    REQUIRE(::chmod(file.c_str(), 0604) == 0);
    const auto open = run_serve(flag);
    CHECK(open.exit == 2);
    CHECK(open.err.find("--cluster-key-file") != std::string::npos);
    CHECK(open.err.find("chmod 600 " + file) != std::string::npos);
    CHECK(one_line(open.err));
  }

  TEST_CASE("without a key all members are on this machine") {
    const scratch_directory scratch;
    const auto key = scratch.write("key", std::string(64, '7') + "\n");
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
    const auto with = [&](std::vector<std::string> more, bool keyed) {
      more.insert(more.begin(), {"--name", "a", "--data", "/d", "--insecure-listen"});
      if (keyed) more.insert(more.end(), {"--cluster-key-file", key});
      return run_serve(more);
    };
    for (const auto* near : {"b=127.0.0.1:7421", "b=127.9.9.9:7421", "b=localhost:7421", "b=[::1]:7421"}) {
      CAPTURE(near);
      CHECK(with({"--peer", near}, false).options);
    }
    for (const auto* far : {"b=10.0.0.2:7411", "b=peer-b:7411", "b=localhost.example:7411", "b=[fe80::1]:7411",
                            "b=0.0.0.0:7411", "b=[::ffff:10.0.0.2]:7411"}) {
      CAPTURE(far);
      const auto refused = with({"--peer", "c=127.0.0.1:7431", "--peer", far}, false);
      CHECK(refused.exit == 2);
      CHECK_FALSE(refused.options);
      CHECK(one_line(refused.err));
      CHECK(refused.err.find("--peer: " + std::string(far)) != std::string::npos);
      CHECK(refused.err.find("--cluster-key-file") != std::string::npos);
      CHECK(with({"--peer", far}, true).options);
    }
    const std::vector<std::string> open{"--listen", "0.0.0.0:7411", "--peer", "b=127.0.0.1:7421"};
    const auto refused = with(open, false);
    CHECK(refused.exit == 2);
    CHECK(one_line(refused.err));
    CHECK(refused.err.find("--listen: 0.0.0.0:7411") != std::string::npos);
    CHECK(refused.err.find("--cluster-key-file") != std::string::npos);
    CHECK(with(open, true).options);
    // Alone it has nobody to be mistaken for.
    CHECK(with({"--listen", "0.0.0.0:7411"}, false).options);
  }

  TEST_CASE("a damaged disk is filled again unless the flag or the environment says stop") {
    const std::vector<std::string> least{"--name", "a", "--data", "/d"};
    const auto with = [&](const std::string& value) {
      auto arguments = least;
      arguments.insert(arguments.end(), {"--on-damage", value});
      return run_serve(arguments);
    };
    CHECK(run_serve(least).options->damage == on_damage::refill);
    CHECK(with("refill").options->damage == on_damage::refill);
    CHECK(with("stop").options->damage == on_damage::stop);
    const auto wrong = with("ignore");
    CHECK(wrong.exit == 2);
    CHECK(wrong.err.find("--on-damage") != std::string::npos);
    const environment_variable stop("QUORATE_ON_DAMAGE", "stop");
    CHECK(run_serve(least).options->damage == on_damage::stop);
    CHECK(with("refill").options->damage == on_damage::refill);
  }

  TEST_CASE("HTTP is served where it is asked for, and only to this machine unless that is wanted") {
    const std::vector<std::string> node{"--name", "a", "--data", "/d"};
    const auto with = [&](std::vector<std::string> more) {
      more.insert(more.begin(), node.begin(), node.end());
      return run_serve(more);
    };
    CHECK(with({}).options->http.empty());
    CHECK(with({"--http", "127.0.0.1"}).options->http == "127.0.0.1:7412");
    CHECK(with({"--http", "127.0.0.1:0"}).options->http == "127.0.0.1:0");
    const auto refused = with({"--http", "0.0.0.0:7412"});
    CHECK(refused.exit == 2);
    CHECK(refused.err.find("--http") != std::string::npos);
    CHECK(with({"--http", "0.0.0.0:7412", "--insecure-listen"}).options->http == "0.0.0.0:7412");
    const environment_variable variable("QUORATE_HTTP", "127.0.0.1:7499");
    CHECK(with({}).options->http == "127.0.0.1:7499");
  }

  TEST_CASE("the key is the first line of its file") {
    const scratch_directory scratch;
    const auto with = [&](const std::string& file, bool http = true) {
      std::vector<std::string> flags{"--name", "a", "--data", "/d", "--api-key-file", file};
      if (http) flags.insert(flags.end(), {"--http", "127.0.0.1:0"});
      return run_serve(flags);
    };
    CHECK(with(scratch.write("key", "secret\r\nmore\n")).options->api_key == "secret");
    CHECK(with(scratch.write("empty", "\n")).exit == 2);
    CHECK(with(scratch.file("missing")).err.find("--api-key-file") != std::string::npos);
    CHECK(with(scratch.file("key"), false).err.find("--http") != std::string::npos);
  }
}
