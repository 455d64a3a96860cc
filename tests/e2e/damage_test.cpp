#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

namespace fs = std::filesystem;

constexpr int records = 200;
constexpr milliseconds refill_bound(60'000);
constexpr milliseconds exit_bound(10'000);

std::string title_of(int i) { return "record " + std::to_string(i); }
std::string content_of(int i) { return std::to_string(i) + std::string(2'000, static_cast<char>('a' + i % 26)); }

std::vector<fs::path> tables_in(const std::string& directory) {
  std::vector<fs::path> tables;
  for (const auto& file : fs::directory_iterator(directory))
    if (file.path().extension() == ".sst") tables.push_back(file.path());
  std::sort(tables.begin(), tables.end(),
            [](const auto& one, const auto& other) { return fs::file_size(one) > fs::file_size(other); });
  return tables;
}

std::vector<fs::path> copies_in(const std::string& directory) {
  std::vector<fs::path> copies;
  for (const auto& file : fs::directory_iterator(directory))
    if (file.path().filename().string().starts_with("damaged-")) copies.push_back(file.path());
  return copies;
}

/// Changes bytes all over a file.
void damage(const fs::path& path) {
  const auto size = fs::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uint64_t at = size / 8; at < size; at += size / 4) {
    file.seekg(static_cast<std::streamoff>(at));
    const auto byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  file.flush();
  REQUIRE(file.good());
}

/// Writes, and restarts `name` so that it has them in tables; then stops it.
void fill_tables(running_cluster& cluster, const std::string& name) {
  for (int i = 0; i < records; ++i) REQUIRE(text_of(store(cluster->client("a"), title_of(i), content_of(i))) == "OK");
  cluster.require_equal({"a", "b", "c"});
  cluster->kill(name);
  const auto started = cluster->start(name);
  REQUIRE_MESSAGE(started.ok(), started.message());
  cluster->kill(name);
}

/// Everything a node shows is what was written.
void require_nothing_wrong(chaos::node_client& node) {
  v1::ListReply page;
  v1::ListRequest all;
  all.set_namespace_("e2e");
  if (node.list(all, &page).ok())
    for (const auto& memory : page.memories()) {
      const auto number = std::stoi(memory.title().substr(std::string("record ").size()));
      REQUIRE(memory.content() == content_of(number));
    }
  for (int i = 0; i < records; i += 20) {
    const auto content = content_on(node, title_of(i));
    REQUIRE((content.empty() || content == content_of(i)));
  }
}

std::string state_of(chaos::node_client& node) {
  v1::StatusReply status;
  return node.node_status(&status).ok() ? status.state() : "unreachable";
}

}  // namespace

TEST_SUITE("e2e.damage") {
  TEST_CASE("a node whose tables were damaged sets them aside, is filled again, and never serves a wrong byte") {
    running_cluster cluster;
    fill_tables(cluster, "b");
    const auto directory = cluster->data_directory("b");
    const auto tables = tables_in(directory);
    REQUIRE(tables.size() >= 2);
    SUBCASE("while it was stopped") {
      damage(tables.front());
      REQUIRE(cluster->spawn("b").ok());
    }
    SUBCASE("while it ran") {
      const auto started = cluster->start("b");
      REQUIRE_MESSAGE(started.ok(), started.message());
      damage(tables_in(directory).front());
    }
    const auto start = steady_clock::now();
    auto& b = cluster->client("b");
    REQUIRE(chaos::wait_until(refill_bound, [&] {
      require_nothing_wrong(b);
      return copies_in(directory).size() == 1 && state_of(b) == "serving";
    }));
    std::cout << "  detected, set aside and filled again in " << chaos::milliseconds_since(start) << " ms\n";
    CHECK(cluster->running("b"));
    cluster.require_equal({"a", "b", "c"});
    for (int i = 0; i < records; ++i) REQUIRE(content_on(b, title_of(i)) == content_of(i));
    CHECK(text_of(store(b, "after", "x")) == "OK");
    // What it found is written down beside what it found it in.
    CHECK(fs::exists(copies_in(directory).front() / "damaged"));
    CHECK(fs::exists(copies_in(directory).front() / "CURRENT"));
    const auto end = cluster->terminate("b", exit_bound);
    REQUIRE_MESSAGE(end.ok(), end.error().message());
    CHECK(text_of(*end) == "exit code 0");
    const auto again = cluster->start("b");
    REQUIRE_MESSAGE(again.ok(), again.message());
    CHECK(copies_in(directory).size() == 1);
  }

  TEST_CASE("a damaged node that is to stop does so with one line, and changes nothing") {
    running_cluster cluster;
    fill_tables(cluster, "b");
    const auto directory = cluster->data_directory("b");
    for (const auto& table : tables_in(directory)) damage(table);
    cluster->set_flag("b", "--on-damage", "stop");
    REQUIRE(cluster->spawn("b").ok());
    REQUIRE(chaos::wait_until(exit_bound, [&] { return !cluster->running("b"); }));
    const auto log = cluster->log_tail("b", 5);
    CHECK(std::any_of(log.begin(), log.end(), [](const std::string& line) {
      return line.find("damaged") != std::string::npos || line.find("checksum") != std::string::npos;
    }));
    CHECK(copies_in(directory).empty());
    CHECK_FALSE(fs::exists(directory + "/damaged"));
  }

  TEST_CASE("a directory of another node or cluster is never taken for a damaged one") {
    running_cluster cluster({}, false);
    REQUIRE(cluster->start_all().ok());
    const auto directory = cluster->data_directory("b");
    cluster->kill("b");
    cluster->set_flag("b", "--cluster-id", "another");
    REQUIRE(cluster->spawn("b").ok());
    REQUIRE(chaos::wait_until(exit_bound, [&] { return !cluster->running("b"); }));
    CHECK(copies_in(directory).empty());
    CHECK(fs::exists(directory + "/CURRENT"));
  }
}

}  // namespace quorate::e2e
