#include "chaos/sim/run.hpp"

#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "chaos/sim/checks.hpp"
#include "chaos/sim/clients.hpp"
#include "chaos/sim/cluster.hpp"
#include "chaos/sim/faults.hpp"
#include "chaos/sim/liar.hpp"
#include "chaos/sim/world.hpp"
#include "proto/ensure.hpp"

namespace quorate::sim {
namespace {

/// Planted bugs are looked for in memory, where a commit that is not synced can be told from one that is.
bool on_real_store(const run_options& options) {
  return options.real_store_one_in != 0 && options.planted == planted_bug::none
         && options.seed % options.real_store_one_in == 0;
}

class simulation {
 public:
  explicit simulation(const run_options& options)
      : options_(options),
        world_(options.seed),
        cluster_(world_, options.nodes, on_real_store(options), [this](const std::string& what) { broken(what); }),
        faults_(world_, cluster_),
        clients_(world_, cluster_) {
    world_.traced = options.trace;
    if (options.liar_one_in != 0 && world_.one_in(options.liar_one_in)) send_a_liar();
    faults_.on_slow_talker = [this](member& slow, member& behind) { clients_.cross(slow, behind); };
    faults_.on_late_copy = [this](member& m, std::int64_t for_ms) { clients_.use_for(m, for_ms); };
    faults_.on_kept_alone = [this](member& m) { clients_.keep_alone(m); };
    faults_.on_promise_under_way = [this](member& m) { clients_.write_some(m); };
    faults_.on_too_many_lost = [this] { clients_.on_loss_accepted(); };
    clients_.on_acknowledged = [this](const operation& op) {
      broken(check_own_copy(*cluster_.find(op.node), op));
      if (faults_.loss_is_open() && op.quorum != net::write_quorum::one && !op.may_be_lost)
        broken("P1: acknowledged although too many disks were lost and nobody had accepted that: " + op.text());
    };
    cluster_.on_wipe = [this](const member& m) { clients_.on_disk_lost(m); };
  }

  run_report run() {
    cluster_.start_all();
    clients_.start();
    faults_.start();
    look();
    world_.run_until(options_.safety_ms * ms, [this] { return is_broken(); });
    if (!is_broken()) check_liveness();
    if (!is_broken()) check_safety();
    report_.simulated_ms = world_.now_us() / ms;
    report_.turns = world_.turns();
    report_.events = world_.events();
    report_.faults = faults_.counts();
    if (on_real_store(options_)) report_.faults["(on RocksDB)"] = 1;
    if (liar_) report_.faults["lies"] = liar_->lies();
    report_.operations = clients_.operations().size();
    for (const auto& op : clients_.operations())
      ++report_.outcomes[(op->write() ? "" : "read ")
                         + (op->answered() ? std::string(name_of(op->answer.outcome.code())) : "unanswered")];
    return report_;
  }

  void broken(const std::string& what) {
    if (is_broken() || what.empty()) return;
    report_.broken = what;
    world_.trace("BROKEN:", what);
  }

 private:
  void send_a_liar() {
    const auto from = world_.below(cluster_.size());
    const auto to = (from + 1 + world_.below(cluster_.size() - 1)) % cluster_.size();
    liar_.emplace(world_, cluster_[from].name, cluster_[to].name, 1 + world_.below(100));
    cluster_.net.on_the_way = [this](const std::string& one, const std::string& other, auto& frame) {
      if (!calm_) liar_->twist(one, other, frame);
    };
  }
  bool is_broken() const { return !report_.broken.empty(); }
  /// What has to hold all the time.
  void look() {
    for (auto& m : cluster_.members())
      if (m->up) broken(check_health(*m));
    world_.after(500 * ms, [this] { look(); });
  }

  void check_liveness() {
    faults_.stop();
    calm_ = true;
    clients_.spread();
    world_.trace("no more faults");
    const auto calm_us = world_.now_us();
    const auto& done = clients_.operations();
    std::set<std::string> serving;
    auto seen = done.size();
    world_.run_until(calm_us + options_.liveness_ms * ms, [&] {
      for (; seen < done.size() && done[seen]->answered(); ++seen)
        if (done[seen]->ok() && done[seen]->write() && done[seen]->quorum != net::write_quorum::one)
          serving.insert(done[seen]->node);
      return is_broken() || serving.size() == cluster_.size();
    });
    if (is_broken()) return;
    if (serving.size() != cluster_.size())
      return broken("P7: " + std::to_string(cluster_.size() - serving.size()) + " members take no writes "
                    + std::to_string(options_.liveness_ms / 1000) + " s after the last fault");
    clients_.stop();
    world_.run_until(world_.now_us() + 2'500 * ms);  // every call has its answer
    std::int64_t asked_us = 0;
    bool equal = false;
    world_.run_until(world_.now_us() + options_.liveness_ms * ms, [&] {
      if (is_broken() || world_.now_us() - asked_us < 50 * ms) return is_broken();
      asked_us = world_.now_us();
      return equal = cluster_.equal();
    });
    if (!equal)
      broken("P2, P4: members differ " + std::to_string(options_.liveness_ms / 1000) + " s after the last write");
    report_.converged_ms = (world_.now_us() - calm_us) / ms;
  }

  void check_safety() {
    const auto& done = clients_.operations();
    broken(check_answers(cluster_, done, world_.now_us()));
    broken(check_actors(cluster_));
    broken(check_contents(cluster_, done, clients_.shadow()));
    broken(check_uses(cluster_, done));
    broken(check_collections(cluster_, done));
    broken(check_versions(done));
    broken(check_local_reads(done));
    broken(check_registers(cluster_, done, world_.now_us()));
  }

  const run_options options_;
  world world_;
  cluster cluster_;
  faults faults_;
  clients clients_;
  std::optional<liar> liar_;
  bool calm_ = false;
  run_report report_;
};

}  // namespace

namespace {

simulation* running = nullptr;

/// A defect that the program itself noticed: of this run, and of whoever has its turn.
void note_defect(const char* what, const char*, unsigned) {
  running->broken(std::string("a condition of the program does not hold: ") + what);
  throw std::logic_error(what);
}

}  // namespace

run_report run(const run_options& options) {
  points.planted = options.planted;
  simulation one(options);
  running = &one;
  const auto before = on_broken(note_defect);
  auto report = one.run();
  on_broken(before);
  return report;
}

}  // namespace quorate::sim
