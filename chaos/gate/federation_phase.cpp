#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "chaos/convergence.hpp"
#include "chaos/gate/checks.hpp"
#include "chaos/gate/phases.hpp"
#include "chaos/history.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

constexpr milliseconds start_bound(20'000);
constexpr milliseconds write_bound(3'000);
constexpr milliseconds converge_bound(30'000);
constexpr unsigned writes_of_each = 50;
constexpr auto name_space = "ship-gate-phase2";
constexpr std::array agents{"ai:agent-alice", "ai:agent-bob", "ai:agent-charlie", "ai:agent-dana"};

/// The answer as the HTTP code that means the same.
std::string code_of(const grpc::Status& answer) {
  if (answer.ok()) return "201";
  const auto failure = write_failure_of(answer);
  if (failure && failure->outcome() == v1::WriteFailure::REJECTED && answer.error_code() == grpc::UNAVAILABLE)
    return "503";
  return text_of(answer);
}

grpc::Status write(node_client& node, const std::string& agent, const std::string& title, history* seen) {
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_namespace_(name_space);
  record.set_title(title);
  record.set_content("written by " + agent + ": " + title);
  record.set_source("api");
  record.set_tier(v1::TIER_MID);
  record.set_priority(5);
  record.set_confidence(1.0);
  record.set_metadata(ordered_json({{"agent_id", agent}}).dump());
  write_event event;
  event.key = key_of(name_space, title);
  event.content_hash = hash_of(record.content());
  event.start_us = steady_us();
  v1::StoreReply reply;
  const auto answer = node.store(request, &reply, write_bound);
  event.end_us = steady_us();
  event.outcome = outcome_of(answer);
  event.id = reply.id();
  seen->add(std::move(event));
  return answer;
}

class federation {
 public:
  explicit federation(environment& env) : env_(env) {}

  void run() {
    write_all();
    compare();
    probe();
  }

  void fill(ordered_json* out) const {
    *out = {{"phase", 2},
            {"pass", checks_.pass()},
            {"reasons", checks_.reasons()},
            {"checks", checks_.list()},
            {"total_writes", writes_of_each * agents.size()},
            {"ok", ok_},
            {"quorum_not_met", not_met_},
            {"fail", failed_},
            {"counts", counts_},
            {"missing", missing_},
            {"foreign", foreign_},
            {"converge_ms", converge_ms_},
            {"digests_equal", equal_},
            {"probe1_single_peer_down", probe_one_},
            {"probe2_both_peers_down", probe_both_}};
  }

 private:
  void write_all() {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < agents.size(); ++i)
      threads.emplace_back([this, i] {
        node_client node(env_.address(env_.nodes()[i % env_.nodes().size()]));
        for (unsigned n = 1; n <= writes_of_each; ++n)
          write(node, agents[i], std::string(agents[i]) + "-w" + std::to_string(n), &seen_);
      });
    for (auto& thread : threads) thread.join();
    const auto counts = seen_.counts();
    ok_ = counts.acknowledged;
    not_met_ = counts.rejected;
    failed_ = counts.indeterminate + counts.superseded;
    const auto total = writes_of_each * agents.size();
    checks_.add("every write of four agents on different nodes is acknowledged", ok_ == total,
                std::to_string(ok_) + " of " + std::to_string(total));
  }

  void compare() {
    std::vector<node_client*> clients;
    for (const auto& node : env_.nodes()) clients.push_back(&env_.client(node));
    const auto equal = wait_equal(clients, converge_bound);
    equal_ = equal.ok();
    if (equal_) converge_ms_ = *equal;
    checks_.add("all nodes show one content digest", equal_,
                equal_ ? "after " + std::to_string(converge_ms_) + " ms" : equal.error().message());
    const auto events = seen_.events();
    for (const auto& node : env_.nodes()) {
      const auto contents = env_.client(node).export_all();
      if (!contents) {
        checks_.add("records of " + node, false, contents.error().message());
        continue;
      }
      const auto wrong = check(events, *contents);
      const auto foreign = check_foreign(events, *contents, "");
      counts_[node] = contents->size();
      missing_[node] = wrong.size();
      foreign_[node] = foreign.size();
      const auto first =
          wrong.empty() ? (foreign.empty() ? "" : "; " + text_of(foreign.front())) : "; " + text_of(wrong.front());
      checks_.add("node " + node + " holds every acknowledged record, by name and content, and no other",
                  wrong.empty() && foreign.empty() && !events.empty(),
                  std::to_string(contents->size()) + " records" + first);
    }
  }

  void probe() {
    const auto& nodes = env_.nodes();
    probe_one_ = probe_without(nodes[1], "one-peer-down");
    checks_.add("a write with one peer down is acknowledged", probe_one_ == "201", probe_one_);
    probe_both_ = probe_without(nodes[2], "both-peers-down");
    checks_.add("a write with both peers down is rejected", probe_both_ == "503", probe_both_);
    v1::GetRequest wanted;
    wanted.mutable_name()->set_namespace_(name_space);
    wanted.mutable_name()->set_title("both-peers-down");
    v1::GetReply reply;
    const auto answer = env_.client(nodes.front()).get(wanted, &reply);
    checks_.add("what was rejected is not there", answer.error_code() == grpc::NOT_FOUND, text_of(answer));
  }

  std::string probe_without(const std::string& node, const std::string& title) {
    if (const auto killed = env_.kill(node); !killed) return killed.message();
    auto& a = env_.client(env_.nodes().front());
    // The drill is about what a node answers once it knows; that it notices is another check.
    const bool noticed = wait_until(converge_bound, [&] {
      v1::StatusReply reply;
      if (!a.node_status(&reply).ok()) return false;
      return std::any_of(reply.peers().begin(), reply.peers().end(),
                         [&](const auto& peer) { return peer.name() == node && !peer.up(); });
    });
    checks_.add("the death of " + node + " is noticed", noticed, noticed ? "yes" : "no");
    history probes;
    return code_of(write(a, "ai:agent-alice", title, &probes));
  }

  environment& env_;
  checks checks_;
  history seen_;
  std::uint64_t ok_ = 0;
  std::uint64_t not_met_ = 0;
  std::uint64_t failed_ = 0;
  ordered_json counts_ = ordered_json::object();
  ordered_json missing_ = ordered_json::object();
  ordered_json foreign_ = ordered_json::object();
  double converge_ms_ = 0;
  bool equal_ = false;
  std::string probe_one_ = "not sent";
  std::string probe_both_ = "not sent";
};

}  // namespace

ordered_json run_federation_phase(const phase_options&, place& where) {
  const auto start = steady_clock::now();
  ordered_json out;
  auto env = where.make();
  const auto ready = env ? (*env)->start_all(start_bound) : env.error();
  if (ready) {
    federation phase(**env);
    phase.run();
    phase.fill(&out);
  } else {
    checks failed;
    failed.add("start", false, ready.message());
    out = {{"phase", 2}, {"pass", false}, {"reasons", failed.reasons()}, {"checks", failed.list()}};
  }
  out["seconds"] = milliseconds_since(start) / 1'000;
  return out;
}

}  // namespace quorate::chaos
