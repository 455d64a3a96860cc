// A three-member store under load: quorate or etcd, started fresh on this machine, driven by one and the same client.
//
// Used by the main thread; `make_writer` objects by one thread each.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/load.hpp"
#include "proto/status.hpp"

namespace quorate::bench {

/// A blocking client of all members, for one thread.
class member_writer {
 public:
  virtual ~member_writer() = default;
  virtual bool put(std::size_t member, const std::string& key, const std::string& value,
                   std::chrono::milliseconds deadline) = 0;
};

class target {
 public:
  virtual ~target() = default;
  virtual const std::string& name() const = 0;
  /// Three members on empty directories; returns when they take writes.
  virtual status start() = 0;
  /// Kills the members and removes their directories.
  virtual void stop() = 0;
  virtual std::vector<pid_t> pids() const = 0;
  /// The member all writes should enter when they enter at one: the leader where there is one.
  virtual result<std::size_t> best_entry() = 0;
  /// kill -9.
  virtual void kill(std::size_t member) = 0;
  virtual std::string member_name(std::size_t member) const = 0;
  /// A closed loop of asynchronous puts.
  virtual load_result run(const load_options& options) = 0;
  virtual std::unique_ptr<member_writer> make_writer() = 0;
};

/// `parent`: where data directories are made.
std::unique_ptr<target> make_quorate_target(const std::string& program, const std::string& parent);
/// The same nodes; all writes are linearizable.
std::unique_ptr<target> make_linearizable_target(const std::string& program, const std::string& parent);
std::unique_ptr<target> make_etcd_target(const std::string& program, const std::string& parent);

}  // namespace quorate::bench
