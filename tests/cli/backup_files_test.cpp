#include "cli/backup_files.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "cli/incremental_files.hpp"
#include "cli/sha256.hpp"
#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t noon_ms = 1'767'268'800'000;

backup_pair must_write(const std::string& directory, std::int64_t now_ms = noon_ms) {
  const auto made =
      write_backup(directory, "127.0.0.1:7411", now_ms, [](const auto& append) { return append("all there is"); });
  REQUIRE_MESSAGE(made.ok(), made.error().message());
  return *made;
}

/// As if the engine had just made backup `id`.
incremental_backup_files must_describe(const scratch_directory& scratch, std::uint32_t id,
                                       const std::string& created_at = "2026-01-01T12:00:01.000+00:00") {
  fs::create_directories(scratch.file("meta"));
  scratch.write("meta/" + std::to_string(id), "list of backup " + std::to_string(id));
  incremental_manifest content;
  content.id = id;
  content.bytes = 1'000;
  content.new_bytes = 10;
  content.files = 7;
  content.source = "/data";
  content.created_at = created_at;
  const auto made = write_incremental_manifest(scratch.path(), content);
  REQUIRE_MESSAGE(made.ok(), made.error().message());
  return *made;
}

/// Every byte of the file in turn, every bit of it and all at once, and spaces that read the same.
void refuse_every_flip(const std::string& path, const std::function<errc()>& look) {
  const auto bytes = read_file(path);
  REQUIRE(look() == errc::ok);
  std::size_t tried = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    for (const int mask : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF, ' ' ^ '\t', ' ' ^ '\n'}) {
      auto changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      std::ofstream(path, std::ios::binary) << changed;
      REQUIRE(look() == errc::corruption);
      ++tried;
    }
    std::ofstream(path, std::ios::binary) << bytes.substr(0, at);
    REQUIRE(look() == errc::corruption);
  }
  CHECK(tried > 1'000);
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK(look() == errc::ok);
}

}  // namespace

TEST_SUITE("cli.backup_files") {
  TEST_CASE("a manifest of a snapshot with any byte changed is refused") {
    const scratch_directory scratch;
    const auto made = must_write(scratch.path());
    refuse_every_flip(made.manifest_path, [&] { return find_backup(made.manifest_path).error().code(); });
  }

  TEST_CASE("a manifest of an incremental backup with any byte changed is refused") {
    const scratch_directory scratch;
    const auto made = must_describe(scratch, 3);
    refuse_every_flip(made.manifest_path, [&] { return find_any_backup(scratch.path()).error().code(); });
  }

  TEST_CASE("the seal comes last, and is the SHA-256 of the file without it") {
    const scratch_directory scratch;
    const auto made = must_write(scratch.path());
    const auto text = read_file(made.manifest_path);
    const auto json = nlohmann::ordered_json::parse(text);
    std::vector<std::string> keys;
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    CHECK(keys
          == std::vector<std::string>{"snapshot", "sha256", "bytes", "source_db", "version", "created_at",
                                      "manifest_sha256"});
    scratch.write("without", to_json(made.content, true) + "\n");
    CHECK(json["manifest_sha256"] == hash_file(scratch.file("without"))->sha256);
    CHECK(json["sha256"] == hash_file(made.snapshot_path)->sha256);
  }

  TEST_CASE("a manifest of before there was a seal is read as it was written, and no other way") {
    const scratch_directory scratch;
    const auto made = must_write(scratch.path());
    const auto old = to_json(made.content, true) + "\n";
    std::ofstream(made.manifest_path) << old;
    const auto found = find_backup(scratch.path());
    REQUIRE(found.ok());
    CHECK(found->content.created_at == made.content.created_at);
    CHECK(verify_backup(*found).ok());
    std::ofstream(made.manifest_path) << old << " ";
    CHECK(find_backup(scratch.path()).error().code() == errc::corruption);
    auto more = nlohmann::ordered_json::parse(old);
    more["manifest_sha257"] = "0";
    std::ofstream(made.manifest_path) << more.dump(2) << "\n";
    CHECK(find_backup(scratch.path()).error().code() == errc::corruption);
  }

  TEST_CASE("the list of an incremental backup's files is the one its manifest was written for") {
    const scratch_directory scratch;
    const auto made = must_describe(scratch, 3);
    CHECK(check_list(made).ok());
    CHECK(made.content.sha256.size() == 64);
    scratch.write("meta/3", "list of backup 4");
    CHECK(check_list(made).code() == errc::corruption);
    fs::remove(scratch.file("meta/3"));
    CHECK(check_list(made).code() == errc::corruption);
  }

  TEST_CASE("of two kinds of backups the newest counts, and a number names one") {
    const scratch_directory scratch;
    must_write(scratch.path(), noon_ms);
    CHECK(std::holds_alternative<backup_pair>(*find_any_backup(scratch.path())));
    must_describe(scratch, 9);
    must_describe(scratch, 10, "2026-01-01T12:00:02.000+00:00");
    const auto newest = find_any_backup(scratch.path());
    REQUIRE(newest.ok());
    REQUIRE(std::holds_alternative<incremental_backup_files>(*newest));
    const auto& found = std::get<incremental_backup_files>(*newest);
    CHECK(found.content.id == 10);
    CHECK(found.content.new_bytes == 10);
    CHECK(found.content.version == QUORATE_VERSION);
    CHECK(std::get<incremental_backup_files>(*find_any_backup(scratch.path(), 9)).content.id == 9);
    CHECK(std::get<incremental_backup_files>(*find_any_backup(manifest_path_of(scratch.path(), 9))).content.id == 9);
    CHECK(find_any_backup(scratch.path(), 8).error().code() == errc::not_found);
    const auto later = must_write(scratch.path(), noon_ms + 60'000);
    CHECK(std::holds_alternative<backup_pair>(*find_any_backup(scratch.path())));
    CHECK(std::holds_alternative<backup_pair>(*find_any_backup(later.manifest_path)));
    // Under another name it is not what the name says.
    fs::copy_file(manifest_path_of(scratch.path(), 9), manifest_path_of(scratch.path(), 11));
    CHECK(find_any_backup(scratch.path(), 11).error().code() == errc::corruption);
  }

  TEST_CASE("manifests go with the oldest backups, and those of other backups when numbers begin anew") {
    const scratch_directory scratch;
    for (std::uint32_t id = 1; id <= 12; ++id) must_describe(scratch, id);
    CHECK(rotate_incremental_manifests(scratch.path(), 0)->removed == 0);
    CHECK(rotate_incremental_manifests(scratch.path(), 12)->removed == 0);
    const auto rotated = rotate_incremental_manifests(scratch.path(), 3);
    REQUIRE(rotated.ok());
    CHECK(rotated->removed == 9);
    CHECK(rotated->oldest_kept == 10);
    CHECK_FALSE(fs::exists(manifest_path_of(scratch.path(), 9)));
    CHECK(fs::exists(manifest_path_of(scratch.path(), 10)));
    must_describe(scratch, 1);
    CHECK(std::get<incremental_backup_files>(*find_any_backup(scratch.path())).content.id == 1);
    CHECK(rotate_incremental_manifests(scratch.path(), 1)->removed == 0);
  }

  TEST_CASE("the backup just made stays, also when the clock was set back before it") {
    const scratch_directory scratch;
    must_write(scratch.path(), noon_ms + 3'600'000);
    const auto made = must_write(scratch.path(), noon_ms);
    const auto removed = rotate_backups(scratch.path(), 1, made.manifest_path);
    REQUIRE(removed);
    CHECK(*removed == 1);
    const auto found = find_backup(scratch.path());
    REQUIRE(found);
    CHECK(found->manifest_path == made.manifest_path);
  }

  TEST_CASE("backups do not lie within what they are of") {
    const scratch_directory scratch;
    const auto data = scratch.file("data");
    CHECK(check_backup_place("--to", data, data).field() == "--to");
    CHECK(check_backup_place("--to", data + "/backups", data).field() == "--to");
    CHECK(check_backup_place("--to", data + "/../data/x/..", data + "/").field() == "--to");
    CHECK(check_backup_place("--to", scratch.file("data2"), data).ok());
    CHECK(check_backup_place("--to", scratch.file("backups"), data).ok());
    CHECK(check_backup_place("--to", "", data).ok());
  }

  TEST_CASE("an incremental backup of a node that runs goes where the node puts it") {
    fake_node node;
    v1::BackupIntoRequest asked;
    node.on_backup_into = [&](const v1::BackupIntoRequest& request, v1::BackupIntoReply* reply) {
      asked = request;
      reply->set_id(7);
      reply->set_bytes(1'000);
      reply->set_new_bytes(10);
      reply->set_manifest("/backups/quorate-7.manifest.json");
      return grpc::Status::OK;
    };
    const auto made = run_at(node, {"backup", "--incremental", "--keep", "3"});
    CHECK(made.exit == 0);
    CHECK(asked.keep() == 3);
    CHECK(made.out == "backed up: /backups/quorate-7.manifest.json (1000 bytes, 10 of them new), 0 older removed\n");
    const auto told = run_at(node, {"backup", "--incremental", "--json"});
    CHECK(keys_of(told.out) == std::vector<std::string>{"id", "bytes", "new_bytes", "removed", "manifest"});
    CHECK(asked.keep() == 48);

    const auto chosen = run_at(node, {"backup", "--incremental", "--to", "elsewhere"});
    CHECK(chosen.exit == 2);
    CHECK(chosen.err.find("--backup-dir") != std::string::npos);
    CHECK(node.calls("BackupInto") == 2);

    node.on_backup_into = [](const auto&, auto*) {
      return write_failure(grpc::StatusCode::PERMISSION_DENIED, v1::WriteFailure::REJECTED, "not_permitted");
    };
    const auto refused = run_at(node, {"backup", "--incremental"});
    CHECK(refused.exit == 1);
    CHECK(one_line(refused.err));
  }
}
