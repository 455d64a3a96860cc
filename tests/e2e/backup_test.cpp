// Backups of a node that works, and nodes made of them.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

namespace fs = std::filesystem;

constexpr int records = 300;
constexpr milliseconds run_bound(30'000);
constexpr milliseconds refill_bound(60'000);

std::string title_of(int i) { return "record " + std::to_string(i); }

/// Runs the program and waits for it.
std::string run(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{QUORATE_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto child = chaos::process::start({command, {}, "/dev/null"});
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

}  // namespace quorate::e2e
