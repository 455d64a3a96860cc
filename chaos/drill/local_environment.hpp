// The nodes of a drill as processes of this machine: signals, files, a small file system, a clock by libfaketime, and
// whatever network it is given.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/drill/environment.hpp"
#include "chaos/local_cluster.hpp"

namespace quorate::chaos {

/// Moves the clocks of nodes; Debian's package faketime.
inline constexpr auto faketime_library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

struct local_options {
  std::string program;                       ///< path of `quorate`
  std::string faulty_program;                ///< of `quorate-planted`, for disks that fail or forget
  std::map<std::string, std::string> flags;  ///< of every node
  std::vector<std::string> variables;        ///< NAME=VALUE, of every node
  network* net = nullptr;                    ///< outlives the environment; null: plain loopback, no faults in it
  bool may_mount = false;                    ///< small file systems may be mounted
  bool loop_devices = false;                 ///< on images, else in memory
  std::string scratch_parent;                ///< where directories are made; empty: the system's place
};

class local_environment final : public environment {
 public:
  static result<std::unique_ptr<local_environment>> make(local_options options);
  ~local_environment() override;

  const std::vector<std::string>& nodes() const override { return cluster_->names(); }
  std::string address(const std::string& node) const override { return cluster_->address(node); }
  node_client& client(const std::string& node) override { return cluster_->client(node); }
  status start_all(std::chrono::milliseconds bound) override;
  status start(const std::string& node, std::chrono::milliseconds bound) override;
  status kill(const std::string& node) override;
  status kill_together() override;
  status stop(const std::string& node, std::chrono::milliseconds bound) override;
  status pause(const std::string& node) override;
  status resume(const std::string& node) override;
  bool running(const std::string& node) override { return cluster_->running(node); }
  std::vector<std::string> log_tail(const std::string& node, std::size_t lines) const override;
  network* net() override { return options_.net; }
  result<std::uint64_t> wipe(const std::string& node) override;
  result<damage_done> damage(const std::string& node, std::uint64_t seed) override;
  status give_small_disk(const std::string& node, std::uint64_t bytes) override;
  result<std::uint64_t> fill_disk(const std::string& node) override;
  status free_disk(const std::string& node) override;
  status give_movable_clock(const std::string& node) override;
  status move_clock(const std::string& node, std::chrono::seconds offset) override;
  status give_no_key() override;
  std::uint64_t bytes_on_disk(const std::string& node) const override;
  status begin_start(const std::string& node) override { return cluster_->spawn(node); }
  status give_forgetful_disk(const std::string& node, std::uint64_t torn) override;
  status fail_disk(const std::string& node, disk_access what) override;
  status mend_disk(const std::string& node) override;
  result<std::uint64_t> keep_disk(const std::string& node) override;
  result<std::uint64_t> put_back_disk(const std::string& node) override;
  bool holds_set_aside(const std::string& node) const override;

 private:
  explicit local_environment(local_options options) : options_(std::move(options)) {}
  /// A fresh cluster of which nobody runs.
  status prepare(bool keyed);
  std::string mount_point(const std::string& node) const;
  std::string filler(const std::string& node) const;
  std::string clock_file(const std::string& node) const;
  std::string faults_file(const std::string& node, disk_access what) const;
  std::string kept_directory(const std::string& node) const;
  /// Beside those of all nodes.
  void add_variables(const std::string& node, std::vector<std::string> more);

  local_options options_;
  std::unique_ptr<local_cluster> cluster_;
  std::vector<std::string> mounted_;
  std::map<std::string, std::vector<std::string>> variables_;
};

}  // namespace quorate::chaos
