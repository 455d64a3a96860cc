// The clients of a run: what they send, what they are answered, and when. They write unique keys, overwrite and delete
// shared ones or ask to keep them as they are, put pairs in one entry or rename them, count uses of records that others
// overwrite, collect records as if they had expired, use registers with LINEARIZABLE and DEFAULT writes (half of which
// have superseded ones repeated) and QUORUM reads, read locally, have deadlines, and move to another node when a call
// fails. Some values are long.
//
// Owned by a run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/sim/cluster.hpp"
#include "chaos/sim/shadow.hpp"
#include "net/node_api.hpp"

namespace quorate::sim {

/// A call and its end.
struct operation {
  enum class kind { store, remove, pair, read, touch, collect, keep };
  /// What may be asked of the key in the end.
  enum class use { own, shared, register_, pair, counted, expiring };

  kind what = kind::store;
  use of = use::own;
  std::string node;
  std::string key;
  std::uint64_t number = 0;  ///< from 1, unique: the value written is this number
  std::size_t padding = 0;   ///< and so many bytes behind it
  net::write_quorum quorum = net::write_quorum::by_default;
  net::write_consistency consistency = net::write_consistency::by_default;
  net::when_superseded on_superseded = net::when_superseded::report;
  std::int64_t begun_us = 0;
  std::int64_t ended_us = -1;  ///< -1 = not answered
  std::int64_t deadline_us = 0;
  net::write_answer answer;
  bool local = false;        ///< a read of the node's own copy
  unsigned attempts = 0;     ///< how often its changes were planned: once more when it was repeated
  version base;              ///< what its node held of the key when it planned them last; of a keep: what it kept
  version collected;         ///< of a collection: the version it saw and removed
  std::uint64_t seen = 0;    ///< of a read: number of the write that was seen, 0 = absent
  bool may_be_lost = false;  ///< it was promised on one disk only, and that was lost, or on more that were given up
  bool write() const { return what != kind::read; }
  /// Whether it deletes the key: deletions, and the old name of a pair that is a rename.
  bool removes(const std::string& key) const;
  bool answered() const { return ended_us >= 0; }
  bool ok() const { return answered() && answer.outcome.ok(); }
  std::string text() const;
};

std::string value_of(const operation& op);
/// The number in a stored value; 0 for none.
std::uint64_t number_in(const std::string& value);
/// What is stored under a counted key.
std::string counted_record(const operation& op);
/// Only what is a record under its own key can be used: namespace, zero byte, title.
std::string counted_key(const std::string& title);
std::string id_of_counted(const std::string& key);
inline std::string left_of(const std::string& key) { return key + " left"; }
inline std::string right_of(const std::string& key) { return key + " right"; }

class clients {
 public:
  /// Each run has its own mix.
  clients(world& w, cluster& c);

  void start();
  /// Every node is used from now on, not only the one that worked last.
  void spread() { spread_ = true; }
  void stop() { stopped_ = true; }
  void on_disk_lost(const member& m);
  /// More disks were lost than the promises allow: nothing is promised of what was begun before, and from now on other
  /// keys are used.
  void on_loss_accepted();
  /// Calls that cross: while a read through the slow one is under way, a write through a third, and once that is
  /// acknowledged one through the one that is behind; then another read.
  void cross(member& slow, member& behind);
  /// Uses of one record through the member, one after the other, over its restarts.
  void use_for(member& m, std::int64_t ms_left);
  /// A write that nobody else has in time, and then one that finds it there.
  void keep_alone(member& m);
  /// A few writes of a register at once.
  void write_some(member& m);

  /// Told of each write that was acknowledged.
  std::function<void(const operation&)> on_acknowledged;

  const std::vector<std::shared_ptr<operation>>& operations() const { return operations_; }
  const shadow_history& shadow() const { return shadow_; }

 private:
  using follow_up = std::function<void(const operation&)>;

  std::int64_t pause() { return world_.between(5, pause_ms_max_); }
  void next(unsigned client, std::size_t at, std::int64_t pause_ms);
  void call(member& m, unsigned client, std::size_t where);
  void choose(operation& op);
  std::string key_of(const char* kind, std::uint64_t number) const;
  std::shared_ptr<operation> begin(const member& m);
  void write(member& m, const std::shared_ptr<operation>& op, follow_up then);
  void read(member& m, const std::shared_ptr<operation>& op, follow_up then);
  void ended(operation& op);
  void read_locally(member& m, const std::shared_ptr<operation>& op, follow_up then);
  void touch(member& m, const std::shared_ptr<operation>& op, follow_up then);
  void collect(member& m, const std::shared_ptr<operation>& op, follow_up then);
  void keep(member& m, const std::shared_ptr<operation>& op, follow_up then);
  void submit(member& m, const std::shared_ptr<operation>& op, std::unique_ptr<net::write_request> request);
  /// One register: a read through `m`, a default write through it.
  void read_register(member& m, follow_up then);
  void write_register(member& m, follow_up then);

  world& world_;
  cluster& cluster_;
  const unsigned count_;
  const std::int64_t pause_ms_max_;
  const std::uint64_t registers_;       ///< how many there are
  const std::uint64_t register_share_;  ///< of 20 calls so many use one
  const std::uint64_t removal_one_in_;
  const std::uint64_t linearizable_one_in_;
  const std::uint64_t long_one_in_;  ///< values of up to 64 KiB
  std::vector<std::shared_ptr<operation>> operations_;
  shadow_history shadow_;
  unsigned generation_ = 0;  ///< of the keys
  bool spread_ = false;
  bool stopped_ = false;
};

}  // namespace quorate::sim
