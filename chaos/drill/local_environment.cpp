#include "chaos/drill/local_environment.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>

#include "chaos/command.hpp"
#include "chaos/drill/network.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds command_bound(20'000);
constexpr std::uintmax_t damaged_bytes = 64;

status broken_tool(const std::string& what, int error) { return {errc::internal, what + ": " + std::strerror(error)}; }

std::uintmax_t bytes_in(const std::string& directory) {
  std::uintmax_t bytes = 0;
  std::error_code ignored;  // a file may go while it is counted
  for (const auto& file : fs::recursive_directory_iterator(directory, ignored))
    if (file.is_regular_file(ignored)) bytes += file.file_size(ignored);
  return bytes;
}

/// What a disk that forgets still knew of a directory that is not the same any more.
void forget_nothing(const std::string& directory, std::error_code& error) {
  fs::remove_all(directory + ".unsynced", error);
}

status write_whole(const std::string& path, const std::string& text) {
  const auto next = path + ".next";
  std::ofstream file(next, std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) fs::rename(next, path, error);
  return file && !error ? status() : status(errc::internal, "cannot write " + path);
}

status mount_image(const std::string& place, std::uint64_t bytes) {
  const auto image = place + ".image";
  std::ofstream(image).close();
  std::error_code error;
  fs::resize_file(image, bytes, error);
  if (error) return {errc::internal, "cannot make " + image + ": " + error.message()};
  const auto made = output_of({{"mkfs.ext4", "-q", "-m", "0", image}, "e2fsprogs", ""}, command_bound);
  if (!made) return made.error();
  const auto mounted = output_of({{"mount", "-o", "loop", image, place}, "mount", ""}, command_bound);
  return mounted ? status() : mounted.error();
}

status mount_memory(const std::string& place, std::uint64_t bytes) {
  const auto size = "size=" + std::to_string(bytes);
  if (::mount("none", place.c_str(), "tmpfs", 0, size.c_str()) == 0) return {};
  return broken_tool("cannot mount a small file system at " + place, errno);
}

}  // namespace

result<std::unique_ptr<local_environment>> local_environment::make(local_options options) {
  std::unique_ptr<local_environment> made(new local_environment(std::move(options)));
  if (auto prepared = made->prepare(true); !prepared) return prepared;
  return made;
}

status local_environment::prepare(bool keyed) {
  cluster_options wanted;
  wanted.program = options_.program;
  wanted.flags = options_.flags;
  wanted.flags.emplace("--write-quorum", "2");
  wanted.flags.emplace("--enable-drills", "");
  wanted.net = options_.net;
  wanted.scratch_parent = options_.scratch_parent;
  wanted.key = keyed;
  auto cluster = local_cluster::prepare(wanted);
  if (!cluster) return cluster.error();
  cluster_ = std::move(*cluster);
  variables_.clear();
  for (const auto& node : nodes()) add_variables(node, options_.variables);
  return {};
}

status local_environment::give_no_key() {
  options_.net = nullptr;
  return prepare(false);
}

std::uint64_t local_environment::bytes_on_disk(const std::string& node) const {
  return bytes_in(cluster_->data_directory(node));
}

local_environment::~local_environment() {
  if (options_.net)
    if (const auto healed = options_.net->heal(); !healed) std::fprintf(stderr, "%s\n", healed.message().c_str());
  if (!cluster_) return;
  for (const auto& node : nodes()) cluster_->kill(node);
  for (const auto& place : mounted_) ::umount2(place.c_str(), MNT_DETACH);
}

status local_environment::start_all(std::chrono::milliseconds bound) { return cluster_->start_all(bound); }

status local_environment::start(const std::string& node, std::chrono::milliseconds bound) {
  return cluster_->start(node, bound);
}

status local_environment::kill(const std::string& node) {
  if (!cluster_->running(node)) return {errc::unavailable, "node " + node + " had already ended"};
  cluster_->kill(node);
  return {};
}

status local_environment::kill_together() {
  for (const auto pid : cluster_->pids()) ::kill(pid, SIGKILL);
  for (const auto& node : nodes()) cluster_->kill(node);
  return {};
}

status local_environment::stop(const std::string& node, std::chrono::milliseconds bound) {
  const auto end = cluster_->terminate(node, bound);
  if (!end) return end.error();
  if (end->exit_code != 0) return {errc::unavailable, "node " + node + " ended after SIGTERM with " + text_of(*end)};
  return {};
}

status local_environment::pause(const std::string& node) {
  cluster_->pause(node);
  return {};
}

status local_environment::resume(const std::string& node) {
  cluster_->resume(node);
  return {};
}

std::vector<std::string> local_environment::log_tail(const std::string& node, std::size_t lines) const {
  return cluster_->log_tail(node, lines);
}

result<std::uint64_t> local_environment::wipe(const std::string& node) {
  const auto directory = cluster_->data_directory(node);
  const auto bytes = bytes_in(directory);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (!error) fs::remove_all(entry.path(), error);
  if (!error) forget_nothing(directory, error);
  if (error) return status(errc::internal, "cannot empty " + directory + ": " + error.message());
  return std::uint64_t{bytes};
}

result<damage_done> local_environment::damage(const std::string& node, std::uint64_t seed) {
  const auto directory = cluster_->data_directory(node);
  std::vector<fs::path> tables;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.path().extension() == ".sst") tables.push_back(entry.path());
  if (error || tables.empty()) return status(errc::internal, "no table to damage in " + directory);
  std::sort(tables.begin(), tables.end(), [](const auto& left, const auto& right) {
    return std::pair(fs::file_size(left), left) > std::pair(fs::file_size(right), right);
  });
  const auto& table = tables.front();
  // Blocks of records lie at the front of a table, its index and properties at the end.
  const auto size = fs::file_size(table);
  std::mt19937_64 random(seed);
  const auto at = random() % std::max<std::uintmax_t>(size / 2, 1);
  const auto count = std::min(damaged_bytes, size - at);
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(count, '\0');
  file.seekg(static_cast<std::streamoff>(at)).read(bytes.data(), static_cast<std::streamsize>(count));
  for (auto& byte : bytes) byte = static_cast<char>(~byte);
  file.seekp(static_cast<std::streamoff>(at)).write(bytes.data(), static_cast<std::streamsize>(count));
  file.close();
  if (!file) return status(errc::internal, "cannot change " + table.string());
  return damage_done{table.filename().string(), count};
}

std::string local_environment::mount_point(const std::string& node) const {
  return cluster_->directory() + "/disk-" + node;
}

std::string local_environment::filler(const std::string& node) const { return mount_point(node) + "/filler"; }

status local_environment::give_small_disk(const std::string& node, std::uint64_t bytes) {
  if (!options_.may_mount) return {errc::internal, "no file system may be mounted here"};
  const auto place = mount_point(node);
  std::error_code error;
  fs::create_directory(place, error);
  if (error) return {errc::internal, "cannot make " + place + ": " + error.message()};
  if (auto mounted = options_.loop_devices ? mount_image(place, bytes) : mount_memory(place, bytes); !mounted)
    return mounted;
  mounted_.push_back(place);
  const auto directory = place + "/data";
  fs::create_directory(directory, error);
  if (error) return {errc::internal, "cannot make " + directory + ": " + error.message()};
  cluster_->set_data_directory(node, directory);
  return {};
}

result<std::uint64_t> local_environment::fill_disk(const std::string& node) {
  const int file = ::open(filler(node).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return broken_tool("cannot open " + filler(node), errno);
  const std::string zeros(64u << 10, '\0');
  std::uint64_t taken = 0;
  int error = 0;
  // Ever smaller pieces, so that the last byte goes too.
  for (std::size_t piece = zeros.size(); piece > 0 && (error == 0 || error == ENOSPC); piece /= 2) {
    error = 0;
    for (ssize_t wrote = 0; error == 0; taken += static_cast<std::uint64_t>(std::max<ssize_t>(wrote, 0))) {
      wrote = ::write(file, zeros.data(), piece);
      if (wrote < 0) error = errno;
    }
  }
  ::fsync(file);
  ::close(file);
  if (error != ENOSPC) return broken_tool("cannot fill " + mount_point(node), error);
  return taken;
}

status local_environment::free_disk(const std::string& node) {
  if (::unlink(filler(node).c_str()) != 0) return broken_tool("cannot remove " + filler(node), errno);
  return {};
}

std::string local_environment::clock_file(const std::string& node) const {
  return cluster_->directory() + "/clock-" + node;
}

status local_environment::give_movable_clock(const std::string& node) {
  if (!fs::exists(faketime_library)) return {errc::internal, "libfaketime is missing: install the package faketime"};
  add_variables(node, {std::string("LD_PRELOAD=") + faketime_library, "FAKETIME_TIMESTAMP_FILE=" + clock_file(node),
                       "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_CACHE_DURATION=1"});
  return move_clock(node, std::chrono::seconds(0));
}

status local_environment::move_clock(const std::string& node, std::chrono::seconds offset) {
  return write_whole(clock_file(node), (offset.count() < 0 ? "" : "+") + std::to_string(offset.count()) + "s\n");
}

void local_environment::add_variables(const std::string& node, std::vector<std::string> more) {
  auto& all = variables_[node];
  std::move(more.begin(), more.end(), std::back_inserter(all));
  cluster_->set_environment(node, all);
}

std::string local_environment::faults_file(const std::string& node, disk_access what) const {
  return cluster_->directory() + "/faults-" + node + (what == disk_access::writes ? ".writes" : ".reads");
}

status local_environment::give_forgetful_disk(const std::string& node, std::uint64_t torn) {
  if (!fs::exists(options_.faulty_program))
    return {errc::internal, options_.faulty_program + " is missing: build it with ./dev build"};
  cluster_->set_program(node, options_.faulty_program);
  add_variables(node, {"QUORATE_DISK=forgets" + (torn == 0 ? "" : ":" + std::to_string(torn)),
                       "QUORATE_DISK_FAULTS=" + cluster_->directory() + "/faults-" + node});
  return {};
}

status local_environment::fail_disk(const std::string& node, disk_access what) {
  return write_whole(faults_file(node, what), "");
}

status local_environment::mend_disk(const std::string& node) {
  for (const auto what : {disk_access::writes, disk_access::reads}) {
    std::error_code error;
    fs::remove(faults_file(node, what), error);
    if (error) return {errc::internal, "cannot remove " + faults_file(node, what) + ": " + error.message()};
  }
  return {};
}

std::string local_environment::kept_directory(const std::string& node) const {
  return cluster_->directory() + "/kept-" + node;
}

result<std::uint64_t> local_environment::keep_disk(const std::string& node) {
  const auto kept = kept_directory(node);
  std::error_code error;
  fs::remove_all(kept, error);
  if (!error) fs::copy(cluster_->data_directory(node), kept, fs::copy_options::recursive, error);
  if (error) return status(errc::internal, "cannot copy to " + kept + ": " + error.message());
  return std::uint64_t{bytes_in(kept)};
}

result<std::uint64_t> local_environment::put_back_disk(const std::string& node) {
  if (const auto gone = wipe(node); !gone) return gone;
  std::error_code error;
  fs::copy(kept_directory(node), cluster_->data_directory(node), fs::copy_options::recursive, error);
  if (error) return status(errc::internal, "cannot copy from " + kept_directory(node) + ": " + error.message());
  return std::uint64_t{bytes_in(cluster_->data_directory(node))};
}

bool local_environment::holds_set_aside(const std::string& node) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cluster_->data_directory(node), error))
    if (entry.path().filename().string().starts_with("damaged")) return true;
  return false;
}

}  // namespace quorate::chaos
