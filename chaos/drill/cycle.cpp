#include "chaos/drill/cycle.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include "chaos/convergence.hpp"
#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_scripts.hpp"
#include "chaos/drill/register_load.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"
#include "chaos/workload.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds start_bound(20'000);
constexpr milliseconds warm_bound(10'000);
constexpr milliseconds writes_bound(60'000);
constexpr milliseconds preflight_bound(5'000);
constexpr milliseconds after_fault(200);  ///< load goes on that long, to show that it can
constexpr std::uint64_t warm_writes = 16;
constexpr std::uint64_t writes_after_min = 10;
constexpr std::uint64_t begun_in_fault_min = 10;
constexpr std::size_t reasons_max = 12;
/// What a write may add to a data directory: log, record, index rows, once in the write-ahead log and once in a table.
constexpr std::uint64_t bytes_of_a_write = 2'048;
/// What a store adds without writes: its own logs and manifests at each start.
constexpr std::uint64_t bytes_of_a_store = 4u << 20;
constexpr double overwrites = 0.25;
constexpr double deletes = 0.1;
constexpr double give_up = 0.5;
constexpr double second_thoughts = 0.5;
constexpr std::size_t bins_max = 80;
constexpr double bin_ms_min = 5;
constexpr auto preflight_namespace = "preflight";
constexpr auto register_namespace = "registers";

double ms_between(std::int64_t from_us, std::int64_t to_us) { return static_cast<double>(to_us - from_us) / 1'000; }

/// An error of the tools rather than of a node.
verdict blame(const status& error) {
  return error.code() == errc::unavailable ? verdict::fail : verdict::infrastructure;
}

class cycle {
 public:
  cycle(const cycle_plan& plan, environment& env)
      : plan_(plan), env_(env), script_(script_of(plan.fault)), random_(plan.seed) {
    result_.plan = plan;
  }

  cycle_result run(cycle_history* history) {
    const auto start = steady_clock::now();
    play();
    if (load_) load_->stop();
    if (registers_) registers_->stop();
    summarise(history);
    result_.seconds = milliseconds_since(start) / 1'000;
    return std::move(result_);
  }

 private:
  void play() {
    if (!begin() || !break_it()) return;
    settle();
    load_->stop();
    registers_->stop();
    load_end_us_ = steady_us();
    if (!bite_.dead.empty()) {
      judge_survivors();
      for (const auto& node : bite_.dead)
        if (const auto started = env_.start(node, start_bound); !started)
          return result_.fail(verdict::fail, started.message());
    }
    judge_all();
  }

  /// A cluster that takes writes, and load on it.
  bool begin() {
    auto ready = script_.prepare ? script_.prepare(env_, {plan_.seed, plan_.number}) : status();
    if (ready) ready = env_.start_all(start_bound);
    for (const auto& node : env_.nodes())
      if (ready) ready = preflight(node);
    if (!ready) {
      result_.fail(verdict::infrastructure, ready.message());
      return false;
    }
    workload_options load;
    register_load_options registers;
    for (const auto& node : env_.nodes()) load.endpoints.push_back(env_.address(node));
    registers.endpoints = load.endpoints;
    registers.name_space = register_namespace;
    registers.seed = plan_.seed;
    load.first_endpoint = script_.through_one;
    load.writers = script_.clients ? script_.clients : plan_.clients;
    load.pause = script_.pause;
    load.content_bytes = script_.content_bytes;
    load.overwrites = overwrites;
    load.deletes = deletes;
    load.second_thoughts = second_thoughts;
    if (!script_.no_write_fails) load.give_up = give_up;
    load.seed = plan_.seed;
    load_ = std::make_unique<workload>(load);
    registers_ = std::make_unique<register_load>(registers);
    load_start_us_ = steady_us();
    load_->start();
    registers_->start();
    if (!wait_until(warm_bound, [&] { return load_->writes_done() >= warm_writes; })) {
      result_.fail(verdict::infrastructure, "the cluster does not take the load before any fault");
      return false;
    }
    return true;
  }

  status preflight(const std::string& node) {
    v1::StoreRequest request;
    request.mutable_memory()->set_namespace_(preflight_namespace);
    request.mutable_memory()->set_title("through " + node);
    request.mutable_memory()->set_content("before any fault");
    request.mutable_memory()->set_source("chaos");
    write_event event;
    event.key = key_of(preflight_namespace, request.memory().title());
    event.content_hash = hash_of(request.memory().content());
    event.node = preflights_.size();
    event.start_us = steady_us();
    v1::StoreReply reply;
    const auto answer = env_.client(node).store(request, &reply, preflight_bound);
    event.end_us = steady_us();
    event.outcome = outcome_of(answer);
    event.id = reply.id();
    preflights_.push_back(std::move(event));
    return answer.ok() ? status()
                       : status(errc::internal, "the write through " + node + " before any fault: " + text_of(answer));
  }

  bool break_it() {
    stage on{env_, *load_, random_, plan_.number, plan_.seed};
    std::this_thread::sleep_for(milliseconds(on.between(0, 100)));
    fault_start_us_ = steady_us();
    auto done = script_.run(on);
    fault_end_us_ = steady_us();
    if (!done) {
      result_.fail(blame(done.error()), done.error().message());
      return false;
    }
    bite_ = std::move(*done);
    if (bite_.from_us != 0) fault_start_us_ = bite_.from_us;
    result_.bit = bite_.count;
    result_.bit_needed = bite_.needed;
    result_.in_flight = bite_.in_flight;
    result_.detail = bite_.detail;
    if (bite_.count == 0)
      result_.fail(verdict::invalid, "the fault did nothing: 0 " + std::string(words().proof));
    else if (bite_.count < bite_.needed)
      result_.fail(verdict::invalid, std::to_string(bite_.count) + " " + std::string(words().proof) + ", at least "
                                         + std::to_string(bite_.needed) + " are needed");
    return true;
  }

  /// Load after the fault, until there was enough of it.
  void settle() {
    const auto end = steady_clock::now() + after_fault;
    // Not only those of before: the cluster must take writes again.
    const auto needed = std::max(plan_.writes, load_->writes_done() + writes_after_min);
    const bool enough = wait_until(
        writes_bound, [&] { return interrupted() || (load_->writes_done() >= needed && steady_clock::now() >= end); });
    if (interrupted()) result_.fail(verdict::invalid, "interrupted");
    if (!enough)
      result_.fail(verdict::fail, std::to_string(load_->writes_done()) + " of " + std::to_string(needed)
                                      + " writes were acknowledged "
                                      + duration_text(static_cast<double>(writes_bound.count())) + " after the fault");
  }

  void judge_survivors() {
    std::vector<std::string> survivors;
    for (const auto& node : env_.nodes())
      if (std::find(bite_.dead.begin(), bite_.dead.end(), node) == bite_.dead.end()) survivors.push_back(node);
    result_.convergence = 1;
    await_equal(survivors);
    for (const auto& node : survivors) judge(node, "while " + bite_.dead.front() + " is dead, ");
  }

  void judge_all() {
    if (bite_.dead.empty()) result_.convergence = 1;
    result_.converge_ms = await_equal(env_.nodes());
    result_.timeline.converged_ms = ms_between(load_start_us_, steady_us());
    for (const auto& node : env_.nodes()) {
      judge(node, "");
      if (const auto read = registers_->read_finally(env_.address(node)); !read)
        result_.fail(verdict::fail, read.message());
    }
    for (const auto& found : check_served(events(), bite_.served, register_namespace)) {
      ++result_.phantom;
      result_.fail(verdict::fail, text_of(found));
    }
    judge_lonely_answers();
    judge_order();
    judge_sizes();
  }

  /// What others than clients sent must not be kept.
  void judge_sizes() {
    if (bite_.held_bytes.empty()) return;
    const auto writes = events().size() + registers_->operations().size();
    result_.grown_bytes = 0;
    result_.grown_bytes_max = bytes_of_a_store + writes * bytes_of_a_write;
    for (const auto& [node, before] : bite_.held_bytes) {
      const auto after = env_.bytes_on_disk(node);
      const auto grown = after - std::min(after, before);
      result_.grown_bytes = std::max(*result_.grown_bytes, grown);
      if (grown > result_.grown_bytes_max)
        result_.fail(verdict::fail, "the disk of " + node + " holds " + std::to_string(grown) + " bytes more, and "
                                        + std::to_string(writes) + " writes explain "
                                        + std::to_string(result_.grown_bytes_max));
    }
  }

  /// Nobody heard of the write before its answer, so it cannot have been on two disks.
  void judge_lonely_answers() {
    if (!bite_.cut_off) return;
    const auto& node = env_.nodes()[bite_.cut_off->node];
    const auto meanwhile = [&](const auto& call) {
      return call.start_us >= bite_.cut_off->from_us && call.end_us <= bite_.cut_off->until_us;
    };
    const auto blame = [&](const std::string& what) {
      ++result_.lost;
      result_.fail(verdict::fail, what + ", by " + node + " while it could reach nobody");
    };
    for (const auto& event : load_->seen().events()) {
      const bool durable = event.outcome == write_outcome::acknowledged || event.outcome == write_outcome::superseded;
      if (event.node == bite_.cut_off->node && meanwhile(event) && durable)
        blame(std::string(text_of(event.outcome)) + ": " + readable(event.key));
    }
    for (const auto& call : registers_->operations())
      if (call.label == env_.address(node) && meanwhile(call) && call.certain)
        blame((call.write ? "acknowledged in order: " : "read with a quorum: ") + call.key);
  }

  std::vector<write_event> events() const {
    auto all = preflights_;
    if (load_) {
      auto written = load_->seen().events();
      std::move(written.begin(), written.end(), std::back_inserter(all));
    }
    return all;
  }

  /// Milliseconds until they are; the bound when they are not.
  double await_equal(const std::vector<std::string>& nodes) {
    std::vector<node_client*> clients;
    for (const auto& node : nodes) clients.push_back(&env_.client(node));
    const auto equal = wait_equal(clients, plan_.converge_bound);
    if (equal) return *equal;
    result_.convergence = 0;
    result_.fail(verdict::fail, equal.error().message());
    return static_cast<double>(plan_.converge_bound.count());
  }

  void judge(const std::string& node, const std::string& when) {
    const auto contents = env_.client(node).export_all();
    if (!contents) return result_.fail(verdict::fail, contents.error().message());
    const auto all = events();
    std::set<std::string_view> certain;
    for (const auto& event : all)
      if (event.outcome == write_outcome::acknowledged) certain.insert(event.key);
    auto found = check(all, *contents);
    const auto foreign = check_foreign(all, *contents, register_namespace);
    found.insert(found.end(), foreign.begin(), foreign.end());
    std::uint64_t wrong = 0;
    for (const auto& one : found) {
      switch (one.what) {
        case violation::kind::missing:
        case violation::kind::wrong_content:
        case violation::kind::superseded_by_nothing:
        case violation::kind::below_an_earlier_one:
        case violation::kind::wrong_id: ++result_.lost, ++wrong; break;
        case violation::kind::rejected_but_present:
        case violation::kind::served_wrong: ++result_.phantom; break;
        case violation::kind::foreign:
        case violation::kind::duplicate: ++result_.foreign; break;
      }
      result_.fail(verdict::fail, when + "on " + node + ": " + text_of(one));
    }
    const auto share = certain.empty() ? 0
                                       : static_cast<double>(certain.size() - std::min(wrong, certain.size()))
                                             / static_cast<double>(certain.size());
    result_.convergence = std::min(result_.convergence, share);
    if (when.empty()) result_.rows.emplace_back(node, contents->size());
  }

  void judge_order() {
    const auto operations = registers_->operations();
    const auto during_load = [&](bool write) {
      return std::any_of(operations.begin(), operations.end(), [&](const auto& call) {
        return call.write == write && call.certain && call.start_us < load_end_us_;
      });
    };
    if (!during_load(true) || !during_load(false))
      result_.fail(verdict::fail, "no linearizable write or no quorum read was answered: no evidence of order");
    const auto order = check_linearizable(operations);
    result_.linearizable = !order.violation && !order.undecided;
    if (order.violation)
      result_.fail(verdict::fail, "not linearizable, " + order.violation->key + ": " + order.violation->what);
    if (order.undecided) result_.fail(verdict::invalid, "the order of reads and writes could not be decided");
  }

  void summarise(cycle_history* history) {
    auto all = events();
    chaos::history counted;
    for (const auto& event : all) counted.add(event);
    result_.counts = counted.counts();
    if (!load_) return;
    result_.fault_ms = ms_between(fault_start_us_, fault_end_us_);
    const auto window_end = bite_.dead.empty() ? fault_end_us_ : INT64_MAX;
    const auto begun = load_->seen().events();
    const auto operations = registers_->operations();
    const auto under_way = [&](const auto& call) {
      return call.end_us >= fault_start_us_ && call.start_us <= window_end && call.start_us < load_end_us_;
    };
    const auto during_fault = [&](const auto& calls) {
      return static_cast<std::uint64_t>(std::count_if(calls.begin(), calls.end(), under_way));
    };
    result_.begun_in_fault = during_fault(begun);
    result_.registers_in_fault = during_fault(operations);
    draw(begun);
    if (result_.outcome == verdict::pass || result_.outcome == verdict::invalid) {
      if (result_.counts.acknowledged == 0) result_.fail(verdict::fail, "nothing was acknowledged: no evidence");
      if (result_.begun_in_fault < begun_in_fault_min)
        result_.fail(verdict::invalid, std::to_string(result_.begun_in_fault)
                                           + " writes under way during the fault, at least "
                                           + std::to_string(begun_in_fault_min) + " are needed");
      if (result_.registers_in_fault == 0)
        result_.fail(verdict::invalid, "no call on the shared records was under way during the fault");
    }
    if (script_.no_write_fails && load_->writes_failed() > 0)
      result_.fail(verdict::fail, std::to_string(load_->writes_failed()) + " writes failed on every node");
    result_.register_operations = operations.size();
    if (history) *history = {std::move(all), operations};
  }

  void draw(const std::vector<write_event>& events) {
    auto& timeline = result_.timeline;
    std::int64_t last_us = fault_end_us_;
    for (const auto& event : events) last_us = std::max(last_us, event.end_us);
    const auto length_ms = std::max(1.0, ms_between(load_start_us_, last_us));
    timeline.bin_ms = std::max(bin_ms_min, length_ms / static_cast<double>(bins_max));
    timeline.fault_start_ms = ms_between(load_start_us_, fault_start_us_);
    timeline.fault_end_ms = ms_between(load_start_us_, fault_end_us_);
    timeline.bins.resize(static_cast<std::size_t>(length_ms / timeline.bin_ms) + 1);
    std::vector<std::vector<double>> took(timeline.bins.size());
    std::vector<std::int64_t> acknowledged;
    for (const auto& event : events) {
      const auto at = std::min(timeline.bins.size() - 1,
                               static_cast<std::size_t>(ms_between(load_start_us_, event.end_us) / timeline.bin_ms));
      if (event.outcome != write_outcome::acknowledged) {
        ++timeline.bins[at].failed;
        continue;
      }
      ++timeline.bins[at].ok;
      took[at].push_back(ms_between(event.start_us, event.end_us));
      acknowledged.push_back(event.end_us);
    }
    for (std::size_t i = 0; i < took.size(); ++i) {
      if (took[i].empty()) continue;
      std::sort(took[i].begin(), took[i].end());
      timeline.bins[i].p50_ms = took[i][took[i].size() / 2];
      timeline.bins[i].max_ms = took[i].back();
    }
    std::sort(acknowledged.begin(), acknowledged.end());
    for (std::size_t i = 1; i < acknowledged.size(); ++i)
      result_.longest_gap_ms = std::max(result_.longest_gap_ms, ms_between(acknowledged[i - 1], acknowledged[i]));
  }

  const fault_words& words() const { return words_of(plan_.fault); }

  const cycle_plan& plan_;
  environment& env_;
  const fault_script& script_;
  std::mt19937_64 random_;
  cycle_result result_;
  std::vector<write_event> preflights_;
  std::unique_ptr<workload> load_;
  std::unique_ptr<register_load> registers_;
  bite bite_;
  std::int64_t load_start_us_ = 0;
  std::int64_t fault_start_us_ = 0;
  std::int64_t fault_end_us_ = 0;
  std::int64_t load_end_us_ = INT64_MAX;
};

}  // namespace

std::string_view text_of(verdict v) {
  switch (v) {
    case verdict::pass: return "pass";
    case verdict::fail: return "fail";
    case verdict::invalid: return "invalid";
    case verdict::infrastructure: return "infrastructure";
  }
  return "?";
}

void cycle_result::fail(verdict why, std::string reason) {
  // A broken promise outweighs everything found beside it.
  if (outcome == verdict::pass || why == verdict::fail) outcome = why;
  if (reasons.size() < reasons_max) reasons.push_back(std::move(reason));
}

cycle_result run_cycle(const cycle_plan& plan, environment& env, cycle_history* history) {
  return cycle(plan, env).run(history);
}

}  // namespace quorate::chaos
