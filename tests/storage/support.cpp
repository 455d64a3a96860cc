#include "support.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace quorate {

std::ostream& operator<<(std::ostream& out, errc code) { return out << name_of(code); }
std::ostream& operator<<(std::ostream& out, const status& s) { return out << name_of(s.code()) << " " << s.message(); }

}  // namespace quorate

namespace quorate::storage::testing {

namespace fs = std::filesystem;

temporary_directory::temporary_directory() {
  // In memory where that is possible: these tests open a database thousands of times, and act out the disk's part.
  const fs::path memory = "/dev/shm";
  const auto parent = ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : fs::temp_directory_path();
  std::string name = (parent / "quorate-storage-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

temporary_directory::~temporary_directory() {
  std::error_code error;
  fs::remove_all(path_, error);
  WARN(!error);
}

rocks_options options_at(const std::string& directory) {
  return {directory, {"cluster-1", "node-a"}, 64u << 10, 1u << 20};
}

std::unique_ptr<store> must_open(const rocks_options& options) {
  auto opened = open_rocks_store(options);
  REQUIRE_MESSAGE(opened.ok(), opened.error());
  return std::move(*opened);
}

record_key key(const std::string& bytes) { return {key_kind::memory, bytes}; }

stored_record live(std::uint64_t time, const std::string& value, const std::string& alias) {
  return {{time, node_id{7}}, false, alias, value};
}

stored_record tombstone(std::uint64_t time) { return {{time, node_id{7}}, true, {}, {}}; }

encoded_entry entry_of(const log_id& log, sequence_number sequence, const std::string& bytes) {
  return {log, sequence, std::make_shared<const std::string>(bytes)};
}

namespace {

std::string numbered_bytes(const std::string& what, std::uint64_t n, std::size_t size) {
  auto bytes = what + " " + std::to_string(n) + " ";
  // Not compressible, so that the files of a test have the size its groups suggest.
  for (std::uint64_t state = n * 2654435761u + 1; bytes.size() < size;) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes.push_back(static_cast<char>(state >> 56));
  }
  return bytes;
}

record_key own_key(std::uint64_t n) { return key("own " + std::to_string(n)); }

}  // namespace

write_group numbered_group(std::uint64_t n, std::size_t value_bytes) {
  const auto alias = "alias " + std::to_string(n);
  const auto alias_before = n == 1 ? std::string() : "alias " + std::to_string(n - 1);
  write_group group;
  group.records.push_back(
      {key("shared"), live(n, numbered_bytes("shared", n, value_bytes), alias), alias_before, true});
  group.records.push_back({own_key(n), live(n, numbered_bytes("own", n, value_bytes)), {}, false});
  group.entries.push_back(entry_of(own_log, n, numbered_bytes("entry", n, value_bytes)));
  group.positions.push_back({own_log, n});
  group.buckets.push_back({static_cast<std::uint8_t>(n % 256), {n, n}});
  group.counts = record_counts{n + 1, 0};
  group.clock_bound = n;
  return group;
}

std::uint64_t groups_held(const store& s, std::size_t value_bytes) {
  const auto summary = s.summary();
  REQUIRE_MESSAGE(summary.ok(), summary.error());
  if (summary->vector.empty()) {
    CHECK(summary->clock_bound == 0);
    CHECK(summary->counts == record_counts{});
    const auto page = s.scan(key_kind::memory, "", "", 10, 1'000);
    REQUIRE_MESSAGE(page.ok(), page.error());
    CHECK(page->records.empty());
    return 0;
  }
  REQUIRE(summary->vector.size() == 1);
  const auto n = summary->vector.front().sequence;
  CHECK(summary->clock_bound == n);
  CHECK(summary->counts == record_counts{n + 1, 0});

  const auto entries = s.read_log(own_log, 1, std::size_t{1} << 40);
  REQUIRE_MESSAGE(entries.ok(), entries.error());
  REQUIRE(entries->size() == n);
  for (const auto& e : *entries) REQUIRE(*e.bytes == numbered_bytes("entry", e.sequence, value_bytes));

  const auto page = s.scan(key_kind::memory, "", "", 1'000'000, std::size_t{1} << 40);
  REQUIRE_MESSAGE(page.ok(), page.error());
  REQUIRE(page->records.size() == n + 1);
  for (std::uint64_t i = 1; i <= n; ++i) {
    const auto own = s.get(own_key(i));
    REQUIRE_MESSAGE(own.ok(), own.error());
    REQUIRE(*own == live(i, numbered_bytes("own", i, value_bytes)));
  }
  const auto alias = "alias " + std::to_string(n);
  const auto shared = s.get(key("shared"));
  REQUIRE_MESSAGE(shared.ok(), shared.error());
  REQUIRE(*shared == live(n, numbered_bytes("shared", n, value_bytes), alias));
  const auto found = s.find(key_kind::memory, alias);
  REQUIRE_MESSAGE(found.ok(), found.error());
  REQUIRE(*found == std::vector{key("shared")});
  return n;
}

std::vector<fs::path> files_with_extension(const fs::path& directory, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(directory))
    if (file.path().extension() == extension) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << bytes << std::flush;
  REQUIRE(out.good());
}

void copy_directory(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

}  // namespace quorate::storage::testing
