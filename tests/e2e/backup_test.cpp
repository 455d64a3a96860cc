// Backups of a node that works, and nodes made of them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "chaos/workload.hpp"
#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

namespace fs = std::filesystem;

constexpr int records = 300;
constexpr milliseconds run_bound(30'000);
constexpr milliseconds refill_bound(60'000);

std::string title_of(int i) { return "record " + std::to_string(i); }

/// Runs the program and waits for it; what it says goes to the end of a file.
std::string run(const std::vector<std::string>& arguments, const std::string& output = "/dev/null") {
  std::vector<std::string> command{QUORATE_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto child = chaos::process::start({command, {}, output});
  REQUIRE_MESSAGE(child.ok(), child.error().message());
  const auto end = child->wait(run_bound);
  return end ? text_of(*end) : "still running";
}

std::vector<fs::path> files_in(const std::string& directory, const std::string& suffix) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(directory))
    if (file.path().string().ends_with(suffix)) files.push_back(file.path());
  return files;
}

std::string text_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs a command that must end well, and reads the object it prints.
nlohmann::json answer_of(running_cluster& cluster, std::vector<std::string> arguments) {
  const auto output = cluster->directory() + "/answer";
  fs::remove(output);
  arguments.emplace_back("--json");
  const auto end = run(arguments, output);
  REQUIRE_MESSAGE(end == "exit code 0", text_in(output));
  return nlohmann::json::parse(text_in(output));
}

void flip_a_byte(const fs::path& path, std::size_t at) {
  auto bytes = text_in(path.string());
  REQUIRE(at < bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// As many writes as the cluster takes, from all sides.
chaos::workload_options full_load(chaos::local_cluster& cluster, std::uint64_t seed) {
  chaos::workload_options options;
  options.endpoints = cluster.addresses();
  options.writers = 6;
  options.content_bytes = 2'000;
  options.overwrites = 0.2;
  options.deletes = 0.05;
  options.seed = seed;
  return options;
}

void require_progress(const chaos::workload& load, std::uint64_t writes) {
  const auto before = load.writes_done();
  REQUIRE(chaos::wait_until(converge_bound, [&] { return load.writes_done() >= before + writes; }));
}

/// Copies b while everybody writes, makes a new c of the copy while they go on, and compares all with what was
/// answered.
void restore_under_load(running_cluster& cluster, const std::vector<std::string>& backup, const std::string& backups) {
  const auto seed = number_from_environment("QUORATE_SEED", std::random_device()());
  CAPTURE(seed);
  chaos::workload load(full_load(*cluster, seed));
  load.start();
  require_progress(load, 500);
  const auto before = load.writes_done();
  REQUIRE(run(backup) == "exit code 0");
  const auto meanwhile = load.writes_done() - before;
  CHECK(meanwhile > 0);
  CHECK(run({"verify", "--from", backups}) == "exit code 0");
  require_progress(load, 100);
  cluster->kill("c");
  fs::remove_all(cluster->data_directory("c"));
  REQUIRE(run({"restore", "--from", backups, "--data", cluster->data_directory("c"), "--name", "c"}) == "exit code 0");
  require_progress(load, 100);
  const auto spawned = cluster->start("c");
  REQUIRE_MESSAGE(spawned.ok(), spawned.message());
  // Filled while the others go on, it takes writes again, under sequence numbers that nobody has seen.
  REQUIRE(chaos::wait_until(refill_bound, [&] { return text_of(store(cluster->client("c"), "new", "c")) == "OK"; }));
  require_progress(load, 100);
  load.stop();
  const auto counts = load.seen().counts();
  std::cout << "  seed " << seed << ": " << counts.acknowledged << " acknowledged, " << meanwhile
            << " of them during the backup\n";
  const auto equal = cluster->wait_digests_equal({"a", "b", "c"}, refill_bound);
  REQUIRE_MESSAGE(equal.ok(), equal.error().message());
  cluster.require_history(load.seen().events(), {"a", "b", "c"});
}

}  // namespace

TEST_CASE("e2e.backup: a node restored from a backup of another joins the cluster and gets what it lacks") {
  running_cluster cluster;
  const auto backups = cluster->directory() + "/backups";
  for (int i = 0; i < records; ++i) REQUIRE(text_of(store(cluster->client("a"), title_of(i), "before")) == "OK");
  cluster.require_equal({"a", "b", "c"});
  REQUIRE(run({"backup", "--to", backups, "--endpoints", cluster->address("b")}) == "exit code 0");
  CHECK(files_in(backups, ".db").size() == 1);
  CHECK(files_in(backups, ".manifest.json").size() == 1);
  CHECK(run({"verify", "--from", backups}) == "exit code 0");

  for (int i = 0; i < records; ++i) REQUIRE(text_of(store(cluster->client("c"), title_of(i), "after")) == "OK");
  cluster->kill("c");
  fs::remove_all(cluster->data_directory("c"));
  REQUIRE(run({"restore", "--from", backups, "--data", cluster->data_directory("c"), "--name", "c"}) == "exit code 0");
  REQUIRE(cluster->spawn("c").ok());
  const auto equal = cluster->wait_digests_equal({"a", "b", "c"}, refill_bound);
  REQUIRE_MESSAGE(equal.ok(), equal.error().message());
  CHECK(content_on(cluster->client("c"), title_of(0)) == "after");
  // Filled, it takes writes again, under sequence numbers that nobody has seen.
  CHECK(chaos::wait_until(refill_bound, [&] { return text_of(store(cluster->client("c"), "new", "from c")) == "OK"; }));
  cluster.require_equal({"a", "b", "c"});
}

TEST_CASE("e2e.backup: a changed byte is found before anything is made of it, and old pairs go") {
  running_cluster cluster;
  const auto backups = cluster->directory() + "/backups";
  REQUIRE(text_of(store(cluster->client("a"), "one", "content")) == "OK");
  REQUIRE(run({"backup", "--to", backups, "--endpoints", cluster->address("a")}) == "exit code 0");
  const auto first = files_in(backups, ".db").front();
  // A second backup within the same second has no name of its own.
  std::string end = "exit code 1";
  const auto give_up = steady_clock::now() + run_bound;
  while (end == "exit code 1" && steady_clock::now() < give_up)
    end = run({"backup", "--to", backups, "--keep", "1", "--endpoints", cluster->address("a")});
  REQUIRE(end == "exit code 0");
  CHECK_FALSE(fs::exists(first));
  const auto left = files_in(backups, ".db");
  REQUIRE(left.size() == 1);
  REQUIRE(files_in(backups, ".manifest.json").size() == 1);

  std::fstream file(left.front(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(left.front()) / 2));
  file.put('\x7e');
  file.put('\x01');
  file.close();
  CHECK(run({"verify", "--from", backups}) == "exit code 1");
  const auto target = cluster->directory() + "/made";
  CHECK(run({"restore", "--from", backups, "--data", target}) == "exit code 1");
  CHECK_FALSE(fs::exists(target));
  CHECK(run({"restore", "--from", backups + "/none", "--data", target}) == "exit code 1");
  CHECK(run({"backup", "--to", backups, "--endpoints", "127.0.0.1:1", "--timeout", "500ms"}) == "exit code 1");
}

TEST_CASE("e2e.backup: a snapshot under full load becomes a node that holds all that was acknowledged") {
  running_cluster cluster;
  const auto backups = cluster->directory() + "/backups";
  restore_under_load(cluster, {"backup", "--to", backups, "--endpoints", cluster->address("b")}, backups);
}

TEST_CASE("e2e.backup: an incremental backup under full load becomes a node that holds all that was acknowledged") {
  running_cluster cluster({}, false);
  const auto backups = cluster->directory() + "/backups";
  cluster->set_flag("b", "--backup-dir", backups);
  const auto started = cluster->start_all();
  REQUIRE_MESSAGE(started.ok(), started.message());
  restore_under_load(cluster, {"backup", "--incremental", "--endpoints", cluster->address("b")}, backups);
}

TEST_CASE("e2e.backup: the second incremental backup copies what is new, and old ones go") {
  running_cluster cluster({}, false);
  const auto backups = cluster->directory() + "/backups";
  cluster->set_flag("a", "--backup-dir", backups);
  const auto started = cluster->start_all();
  REQUIRE_MESSAGE(started.ok(), started.message());
  auto many = full_load(*cluster, 1);
  many.writes = 2'000;
  chaos::workload load(many);
  load.start();
  load.join();
  const std::vector<std::string> backup{"backup", "--incremental", "--keep", "2", "--endpoints", cluster->address("a")};
  const auto first = answer_of(cluster, backup);
  for (int i = 0; i < 5; ++i) REQUIRE(text_of(store(cluster->client("a"), title_of(i), "later")) == "OK");
  const auto second = answer_of(cluster, backup);
  std::cout << "  copied " << first["new_bytes"] << " of " << first["bytes"] << " bytes, then " << second["new_bytes"]
            << " of " << second["bytes"] << "\n";
  CHECK(first["new_bytes"] == first["bytes"]);
  CHECK(second["id"] == first["id"].get<int>() + 1);
  CHECK(second["new_bytes"].get<std::uint64_t>() * 20 < first["new_bytes"].get<std::uint64_t>());
  CHECK(second["removed"] == 0);
  const auto third = answer_of(cluster, backup);
  CHECK(third["removed"] == 1);
  CHECK(files_in(backups, ".manifest.json").size() == 2);
  CHECK(answer_of(cluster, {"verify", "--from", backups})["id"] == third["id"]);
  const auto verify = [&](const nlohmann::json& made) {
    return run({"verify", "--from", backups, "--backup", std::to_string(made["id"].get<int>())});
  };
  CHECK(verify(first) == "exit code 1");
  CHECK(verify(second) == "exit code 0");

  // Nobody chooses where a node writes but who starts it.
  CHECK(run({"backup", "--incremental", "--endpoints", cluster->address("b")}) == "exit code 1");
  auto elsewhere = backup;
  elsewhere.insert(elsewhere.end(), {"--to", cluster->directory() + "/elsewhere"});
  CHECK(run(elsewhere) == "exit code 2");
  CHECK_FALSE(fs::exists(cluster->directory() + "/elsewhere"));
  const auto output = cluster->directory() + "/refusal";
  run({"backup", "--incremental", "--endpoints", cluster->address("b")}, output);
  CHECK(text_in(output).find("--backup-dir") != std::string::npos);

  // The directory of a node that is stopped, whoever it belongs to; not that of one that runs.
  const auto data = cluster->data_directory("a");
  CHECK(run({"backup", "--incremental", "--data", data, "--to", backups}) == "exit code 2");
  REQUIRE(cluster->terminate("a", converge_bound).ok());
  CHECK(run({"backup", "--incremental", "--data", data, "--to", data + "/within"}) == "exit code 2");
  const auto fourth = answer_of(cluster, {"backup", "--incremental", "--data", data, "--to", backups});
  CHECK(fourth["new_bytes"].get<std::uint64_t>() * 20 < first["new_bytes"].get<std::uint64_t>());
  CHECK(run({"backup", "--incremental", "--data", cluster->directory() + "/none", "--to", backups}) == "exit code 2");

  // An older one makes a directory as well as the newest does.
  const auto made =
      answer_of(cluster, {"restore", "--from", backups, "--backup", std::to_string(second["id"].get<int>()), "--data",
                          cluster->directory() + "/made", "--cluster-id", "other"});
  CHECK(made["name"] == "a");
  CHECK(made["cluster_id"] == "other");
}

TEST_CASE("e2e.backup: a changed byte of an incremental backup is found before anything is made of it") {
  running_cluster cluster({}, false);
  const auto backups = cluster->directory() + "/backups";
  cluster->set_flag("a", "--backup-dir", backups);
  const auto started = cluster->start_all();
  REQUIRE_MESSAGE(started.ok(), started.message());
  REQUIRE(text_of(store(cluster->client("a"), "one", "content")) == "OK");
  REQUIRE(run({"backup", "--incremental", "--endpoints", cluster->address("a")}) == "exit code 0");
  std::vector<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(backups))
    if (file.is_regular_file() && file.path().filename() != "quorate.lock") files.push_back(file.path());
  // Manifest, list of files, CURRENT, options, RocksDB's own manifest, log, tables.
  REQUIRE(files.size() >= 6);
  const auto target = cluster->directory() + "/made";
  for (const auto& file : files) {
    CAPTURE(file.string());
    const auto size = fs::file_size(file);
    if (size == 0) continue;
    flip_a_byte(file, size / 2);
    CHECK(run({"verify", "--from", backups}) == "exit code 1");
    CHECK(run({"restore", "--from", backups, "--data", target}) == "exit code 1");
    CHECK_FALSE(fs::exists(target));
    flip_a_byte(file, size / 2);
  }
  CHECK(run({"verify", "--from", backups}) == "exit code 0");

  // Nor is it held against the node, whatever becomes of its next backups.
  for (const auto& file : files) fs::resize_file(file, fs::file_size(file) / 2);
  CHECK(run({"verify", "--from", backups}) == "exit code 1");
  for (const auto* keep : {"48", "1"})
    run({"backup", "--incremental", "--keep", keep, "--endpoints", cluster->address("a")});
  CHECK(text_of(store(cluster->client("a"), "one", "still here")) == "OK");
  fs::remove_all(backups);
  CHECK(run({"backup", "--incremental", "--endpoints", cluster->address("a")}) == "exit code 0");
  CHECK(run({"verify", "--from", backups}) == "exit code 0");
  CHECK(run({"restore", "--from", backups, "--data", target}) == "exit code 0");
}

}  // namespace quorate::e2e
