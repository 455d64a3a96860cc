#include "actors/node.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <set>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/context.hpp"
#include "actors/core/digest.hpp"
#include "actors/core/membership.hpp"
#include "actors/fanout.hpp"
#include "actors/guarded_plan.hpp"
#include "actors/guarded_store.hpp"
#include "actors/inbound.hpp"
#include "actors/indexer.hpp"
#include "actors/inquirer.hpp"
#include "actors/log.hpp"
#include "actors/log_reader.hpp"
#include "actors/messages.hpp"
#include "actors/peer_link.hpp"
#include "actors/readiness.hpp"
#include "actors/reaper.hpp"
#include "actors/reconciler.hpp"
#include "actors/runtime.hpp"
#include "actors/scheduler.hpp"
#include "actors/scrubber.hpp"
#include "actors/supervisor.hpp"
#include "actors/writer.hpp"
#include "proto/hash.hpp"
#include "proto/member_proof.hpp"
#include "quorate/v1/admin.pb.h"
#include "storage/store.hpp"

namespace quorate {
namespace {

bool name_is_legal(const std::string& name) {
  return !name.empty() && name.size() <= limits::node_name_bytes_max
         && std::all_of(name.begin(), name.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            });
}

std::string name_rule() {
  return "must be 1 to " + std::to_string(limits::node_name_bytes_max) + " characters of a-z 0-9 - _";
}

class actor_config : public caf::actor_system_config {
 public:
  explicit actor_config(const actor_runtime& runtime) {
    runtime.install_scheduler(*this);
    set("scheduler.max-throughput", std::size_t{100});
    set("logger.verbosity", caf::atom("quiet"));
  }
};

/// The members a node begins with.
struct start_list {
  storage::member_list members;
  bool founding = false;  ///< from now on: the directory becomes the one the cluster begins with
};

class running_node final : public node, public net::node_api {
 public:
  running_node(const node_options& options, const start_list& members, std::unique_ptr<storage::store> store,
               std::unique_ptr<net::peer_transport> transport, std::function<void(const status&)> on_fatal,
               const clock& time, const actor_runtime& runtime)
      : runtime_(runtime),
        store_(std::make_unique<guarded_store>(std::move(store), [this](const status& damage) { fail(damage); })),
        transport_(std::move(transport)),
        on_fatal_(std::move(on_fatal)),
        context_(
            options, *store_, time, *transport_, [this](const status& why) { fail(why); }, runtime.random),
        gate_(context_),
        started_us_(context_.time.steady_us()),
        config_(runtime),
        system_(config_) {
    context_.facts.set_members(members.members);
    context_.founding = members.founding;
    context_.sweep_callers = [this] { gate_.sweep(); };
    if (context_.options.collect_expired)
      context_.collect_expired = [this] { return context_.options.collect_expired(*this); };
    if (context_.options.index_words_at_start) context_.words.want();
    supervisor_ = system_.spawn(supervisor_behavior, &context_, tree());
    supervisor_->attach_functor([this](const caf::error& reason) {
      if (reason && reason != caf::exit_reason::user_shutdown)
        fail({errc::internal, "the supervisor died: " + to_string(reason)});
      supervisor_gone_ = true;
      supervisor_gone_.notify_all();
    });
  }

  ~running_node() override { stop(); }

  net::node_api& api() override { return *this; }

  void drain() override {
    draining_ = true;
    using namespace std::chrono;
    auto give_up = steady_clock::now() + milliseconds(limits::drain_ms_max);
    while (open_writes_ != 0 && steady_clock::now() < give_up) std::this_thread::sleep_for(milliseconds(2));
    stop();
  }

  // -- net::node_api -----------------------------------------------------------------------------------------------

  void submit(std::vector<net::write_ticket>&& tickets) override {
    open_writes_ += tickets.size();
    for (auto& ticket : tickets) ticket->open_writes = &open_writes_;
    const auto latest_us = context_.time.steady_us() + limits::quorum_timeout_ms_max * 1000;
    for (auto& ticket : tickets) ticket->deadline_us = std::min(ticket->deadline_us, latest_us);
    if (draining_) return refuse(tickets, {errc::shutting_down, "the node is draining; write through another one"});
    const auto first = std::stable_partition(tickets.begin(), tickets.end(), [](const net::write_ticket& ticket) {
      return ticket->consistency == net::write_consistency::by_default;
    });
    if (first != tickets.end()) {
      inquire({std::make_move_iterator(first), std::make_move_iterator(tickets.end())});
      tickets.erase(first, tickets.end());
      if (tickets.empty()) return;
    }
    if (!context_.inbox.submit(tickets)) {
      refuse(tickets,
             {errc::overloaded, std::to_string(context_.inbox.waiting()) + " writes are waiting; try again later"});
    }
  }

  void read(net::read_ticket&& ticket) override {
    ticket->deadline_us =
        std::min(ticket->deadline_us, context_.time.steady_us() + limits::quorum_timeout_ms_max * 1000);
    if (draining_) return ticket.finish({{errc::shutting_down, "the node is draining; read through another one"}, {}});
    if (context_.inquirer.waiting() > limits::pending_questions_max)
      return ticket.finish({{errc::overloaded, "too many reads are waiting; try again later"}, {}});
    const bool complete = context_.facts.complete();
    auto own = store_->get(ticket->key);
    if (!own) return ticket.finish({own.error(), {}});
    auto request = std::make_shared<message::read_value>();
    request->ticket = std::move(ticket);
    request->complete = complete;
    request->own = std::move(*own);
    thread_loan loan;
    context_.inquirer.send(message::read_value_ptr(std::move(request)));
  }

  const record_reader& records() const override { return *store_; }
  void when_held(const log_position& position, std::int64_t deadline_us, std::function<void(status)> then) override {
    const auto known = context_.known();
    // A member that this node is not yet told of may be one.
    if (!known.origins->contains(position.log.origin))
      return then({errc::behind, "no member that this node knows of wrote what the session has seen; ask another one"});
    if (auto possible = core::check(position, known); !possible)
      return then(status::invalid("session", "names what no member can have written: " + possible.context()));
    context_.waiting_reads.park(position, deadline_us, std::move(then),
                                [&] { return context_.facts.vector().at(position.log) >= position.sequence; });
  }
  node_id self() const override { return context_.self.id; }
  const memory::text_index& words() const override { return context_.words; }
  const clock& time() const override { return context_.time; }
  std::int64_t quorum_timeout_us() const override { return context_.options.quorum_timeout_ms * 1000; }

  result<std::shared_ptr<net::inbound_link>> accept(const v1::Knock& knock, bool local,
                                                    std::shared_ptr<net::answer_sink> answers,
                                                    v1::Challenge* challenge) override {
    return gate_.accept(knock, local, std::move(answers), challenge);
  }

  std::unique_ptr<snapshot_reading> snapshot() const override { return store_->snapshot(); }
  std::unique_ptr<record_reader> view() const override { return store_->view(); }
  status back_up(const v1::BackupIntoRequest& request, v1::BackupIntoReply* reply) override {
    if (!context_.options.back_up)
      return {errc::not_permitted, "this node has no directory for backups: start it with --backup-dir"};
    if (draining_) return {errc::shutting_down, "the node is draining"};
    return context_.options.back_up(
        *store_, [this] { return draining_.load(); }, request, reply);
  }
  void describe(v1::StatusReply* reply) const override;
  void describe(v1::ActorsReply* reply) const override;
  status describe(v1::DigestReply* reply) const override;
  status drill(const v1::DrillRequest& request) override;

 private:
  /// Linearizable writes: the members are asked what they hold of the keys first.
  void inquire(std::vector<net::write_ticket> tickets) {
    if (context_.inquirer.waiting() > limits::pending_questions_max)
      return refuse(tickets, {errc::overloaded, "too many questions to the members are waiting; try again later"});
    auto order = std::make_shared<message::inquire>();
    for (auto& ticket : tickets) {
      if (auto listed = list_keys(*ticket.operator->(), *store_); !listed)
        ticket.finish({listed, {}, {}, context_.copies_needed(ticket->quorum), 0});
      else
        order->writes.push_back(std::move(ticket));
    }
    if (order->writes.empty()) return;
    thread_loan loan;
    context_.inquirer.send(message::inquire_ptr(std::move(order)));
  }

  /// In the order of their start. The writer comes last, so that those it talks to can be reached when it begins; the
  /// order of the end is the reverse.
  std::vector<child_spec> tree() {
    auto* context = &context_;
    const bool own_threads = runtime_.own_threads;
    using parent = caf::event_based_actor*;
    std::vector<child_spec> children;
    auto add = [&](std::string name, address* place, std::function<caf::actor(parent)> spawn) {
      places_.emplace_back(name, place);
      children.push_back({std::move(name), place, std::move(spawn), {}});
    };
    add("fanout", &context_.fanout, [context](parent p) -> caf::actor { return p->spawn(fanout_behavior, context); });
    add("inquirer", &context_.inquirer,
        [context](parent p) -> caf::actor { return p->spawn(inquirer_behavior, context); });
    add("log_reader", &context_.log_reader, [context, own_threads](parent p) -> caf::actor {
      return own_threads ? p->spawn<caf::detached>(log_reader_behavior, context)
                         : p->spawn(log_reader_behavior, context);
    });
    add("scrubber", &context_.scrubber, [context, own_threads](parent p) -> caf::actor {
      return own_threads ? p->spawn<caf::detached>(scrubber_behavior, context) : p->spawn(scrubber_behavior, context);
    });
    if (context_.options.collect_expired)
      add("reaper", &context_.reaper,
          [context](parent p) -> caf::actor { return p->spawn<caf::detached>(reaper_behavior, context); });
    add("indexer", &context_.indexer, [context, own_threads](parent p) -> caf::actor {
      return own_threads ? p->spawn<caf::detached>(indexer_behavior, context) : p->spawn(indexer_behavior, context);
    });
    // One that died builds anew what was wanted of it.
    children.back().on_placed = [context] {
      if (context->words.wanted()) context->indexer.send(message::wake{});
    };
    add("reconciler", &context_.reconciler,
        [context](parent p) -> caf::actor { return p->spawn(reconciler_behavior, context); });
    for (std::size_t i = 0; i < context_.peers.size(); ++i)
      add("link." + context_.peers[i].name, context_.links[i].get(),
          [context, i](parent p) -> caf::actor { return p->spawn(peer_link_behavior, context, i); });
    add("writer", &context_.writer, [context, own_threads](parent p) -> caf::actor {
      return own_threads ? p->spawn<caf::detached>(writer_behavior, context) : p->spawn(writer_behavior, context);
    });
    // What came in while there was no writer rang a bell that nobody heard.
    children.back().on_placed = [context] { context->writer.send(message::wake{}); };
    return children;
  }

  address* place_of(std::string_view name) const {
    for (const auto& [child, place] : places_)
      if (child == name) return place;
    return nullptr;
  }

  void refuse(std::vector<net::write_ticket>& tickets, const status& why) {
    for (auto& ticket : tickets) ticket.finish({why, {}, {}, context_.copies_needed(ticket->quorum), 0});
    tickets.clear();
  }

  void fail(const status& why) {
    // Said by the guard of the store; who found the damage reports it, and that is the reason.
    if (why.code() == errc::disk_damaged) return;
    if (failed_.exchange(true)) return;
    logging::event(logging::level::error, "node.failed", {{"reason", why.message()}});
    logging::flush();
    on_fatal_(why);
  }

  /// Peers first, then the tree (the writer first, then those it talked to), then what still waits.
  void stop() {
    if (std::exchange(stopped_, true)) return;
    draining_ = true;
    context_.waiting_reads.close();
    context_.words.close();
    gate_.shut({errc::shutting_down, "the node is stopping"});
    caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
    runtime_.wait(supervisor_gone_);
    supervisor_ = caf::actor();
    for (auto& [name, place] : places_) place->clear();
    context_.inbox.close();
  }

  const actor_runtime runtime_;
  std::atomic<std::size_t> open_writes_{0};  ///< outlives every ticket, so it comes first
  std::unique_ptr<guarded_store> store_;
  std::unique_ptr<net::peer_transport> transport_;
  std::function<void(const status&)> on_fatal_;
  node_context context_;
  inbound_gate gate_;
  std::int64_t started_us_;
  std::atomic<bool> supervisor_gone_{false};  ///< outlives the actors, the last of which sets it
  actor_config config_;
  caf::actor_system system_;
  caf::actor supervisor_;
  /// The children of the supervisor, by name; filled before it starts.
  std::vector<std::pair<std::string, address*>> places_;

  std::atomic<bool> draining_{false};
  std::atomic<bool> failed_{false};
  bool stopped_ = false;
};

void running_node::describe(v1::StatusReply* reply) const {
  const auto& facts = context_.facts;
  reply->set_name(context_.self.name);
  reply->set_cluster_id(context_.options.cluster_id);
  reply->set_epoch(facts.live_log().epoch);
  reply->set_uptime_ms((context_.time.steady_us() - started_us_) / 1000);
  reply->set_members(context_.members());
  auto needed = context_.copies_needed(net::write_quorum::by_default);
  reply->set_write_quorum(needed);
  auto sight = sight_of(context_);
  sight.draining = draining_;
  const auto verdict = core::judge(sight);
  reply->set_state(verdict.state);
  reply->set_takes_writes(verdict.takes_writes);
  reply->set_reason(verdict.why_not.reason);
  reply->set_advice(verdict.why_not.advice);
  for (const auto& name : verdict.waiting_for) reply->add_waiting_for(name);
  for (const auto& note : verdict.notes) reply->add_notes(note);
  reply->set_complete(sight.complete);
  if (auto summary = store_->summary()) {
    reply->set_records(summary->counts.live);
    reply->set_tombstones(summary->counts.tombstones);
  }
  auto own = facts.vector();
  core::fill(own.list(), reply->mutable_vector());
  auto peers = facts.peers();
  auto now_us = context_.time.steady_us();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto& fact = peers[i];
    auto* peer = reply->add_peers();
    peer->set_name(context_.peers[i].name);
    peer->set_address(context_.peers[i].address);
    peer->set_up(fact.up);
    peer->set_counts(facts.peer_counts(i));
    peer->set_full(fact.full);
    peer->set_last_heard_ms(fact.heard_us < 0 ? -1 : (now_us - fact.heard_us) / 1000);
    peer->set_clock_known(fact.clock_known);
    peer->set_clock_offset_ms(fact.clock_offset_ms);
    std::uint64_t behind = 0;
    for (const auto& [position, hash] : own.beyond(fact.vector))
      behind += position.sequence - fact.vector.at(position.log);
    peer->set_entries_behind(behind);
    peer->set_bytes_in_flight(fact.bytes_in_flight);
    peer->set_bytes_waiting(fact.bytes_waiting);
    peer->set_last_error(fact.last_error);
    peer->set_connects(fact.connects);
  }
  reply->set_writes_pending(facts.writes_pending + context_.inbox.waiting());
  reply->set_entries_refused_clock(facts.entries_refused_clock);
  reply->set_entries_poisoned(facts.entries_poisoned);
  reply->set_sync(true);
  const auto members = facts.members();
  for (const auto& name : members.names) reply->add_member_names(name);
  reply->set_founder(members.founder);
  reply->set_forks(facts.forks);
  reply->set_peers_refused(facts.peers_refused);
}

void running_node::describe(v1::ActorsReply* reply) const {
  auto* top = reply->add_actors();
  top->set_name("supervisor");
  top->set_state("running");
  const auto mailbox = [&](const std::string& name) -> std::uint64_t {
    if (name == "writer") return context_.inbox.waiting();
    const auto* place = place_of(name);
    return place == nullptr ? 0 : place->waiting();
  };
  for (const auto& fact : context_.facts.actors()) {
    auto* actor = reply->add_actors();
    actor->set_name(fact.name);
    actor->set_state(fact.running ? "running" : "restarting");
    actor->set_restarts(fact.restarts);
    actor->set_last_reason(fact.last_reason);
    actor->set_mailbox(mailbox(fact.name));
  }
}

status running_node::describe(v1::DigestReply* reply) const {
  auto summary = store_->summary();
  if (!summary) return summary.error();
  reply->set_root(core::root_of(summary->buckets));
  for (const auto& sum : summary->buckets) reply->add_buckets(core::bytes_of(sum));
  for (const auto& p : summary->vector) {
    auto* position = reply->add_vector();
    position->set_origin(to_number(p.log.origin));
    position->set_epoch(p.log.epoch);
    position->set_sequence(p.sequence);
  }
  reply->set_records(summary->counts.live);
  reply->set_tombstones(summary->counts.tombstones);
  return {};
}

status running_node::drill(const v1::DrillRequest& request) {
  if (!context_.options.enable_drills)
    return {errc::not_permitted, "drills are off: start the node with --enable-drills"};
  auto link_of = [&](const std::string& name) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < context_.peers.size(); ++i)
      if (context_.peers[i].name == name) return i;
    return std::nullopt;
  };
  for (const auto* name : {&request.cut_link(), &request.heal_link()}) {
    if (name->empty()) continue;
    auto link = link_of(*name);
    if (!link)
      return status::invalid(name == &request.cut_link() ? "cut_link" : "heal_link", "no peer named '" + *name + "'");
    context_.facts.cut(*link) = name == &request.cut_link();
    if (name == &request.cut_link()) gate_.close(*link, {errc::unavailable, "the link is cut by a drill"});
  }
  if (const auto& victim = request.kill_actor(); !victim.empty()) {
    auto* place = place_of(victim);
    if (place == nullptr)
      return status::invalid("kill_actor", "no actor named '" + victim + "'; 'admin actors' lists them");
    place->send(message::crash{});
  }
  return {};
}

}  // namespace

status validate(const node_options& options) {
  if (!name_is_legal(options.name)) return status::invalid("--name", name_rule() + ", got '" + options.name + "'");
  if (options.cluster_id.empty() || options.cluster_id.size() > 64)
    return status::invalid("--cluster-id", "must be 1 to 64 bytes");
  if (options.peers.size() + 1 > limits::members_max)
    return status::invalid("--peer", "at most " + std::to_string(limits::members_max) + " members, got "
                                         + std::to_string(options.peers.size() + 1));
  std::set<std::string> names{options.name};
  std::set<node_id> ids{node_id_of(options.name)};
  for (const auto& peer : options.peers) {
    if (!name_is_legal(peer.name)) return status::invalid("--peer", name_rule() + ", got '" + peer.name + "'");
    if (peer.address.empty())
      return status::invalid("--peer", "'" + peer.name + "' has no address: write NAME=HOST:PORT");
    if (!names.insert(peer.name).second)
      return status::invalid("--peer", "the name '" + peer.name + "' is given twice; every member needs its own");
    if (!ids.insert(node_id_of(peer.name)).second)
      return status::invalid("--peer", "the name '" + peer.name + "' hashes like another member's; choose another");
  }
  if (options.write_quorum > names.size())
    return status::invalid("--write-quorum", "must be 1 to " + std::to_string(names.size())
                                                 + ", the number of members, got "
                                                 + std::to_string(options.write_quorum));
  if (options.quorum_timeout_ms < 1 || options.quorum_timeout_ms > limits::quorum_timeout_ms_max)
    return status::invalid("--quorum-timeout",
                           "must be 1 ms to " + std::to_string(limits::quorum_timeout_ms_max / 1000) + " s");
  if (options.max_clock_offset_ms < 1) return status::invalid("--max-clock-offset", "must be at least 1 ms");
  if (!options.cluster_key.empty() && options.cluster_key.size() != cluster_key_bytes)
    return status::invalid("--cluster-key-file", "holds a key of " + std::to_string(options.cluster_key.size())
                                                     + " bytes, it must have " + std::to_string(cluster_key_bytes));
  if (options.relay_delay_ms < 0) return status::invalid("--relay-delay", "must not be negative");
  return {};
}

result<std::unique_ptr<node>> start_node(const node_options& options, std::unique_ptr<storage::store> store,
                                         std::unique_ptr<net::peer_transport> transport,
                                         std::function<void(const status& why)> on_fatal, const clock& time,
                                         const actor_runtime& runtime) {
  if (auto valid = validate(options); !valid) return valid;
  const auto held = store->summary();
  if (!held) return held.error();
  core::wanted_members wanted{options.name, {}, options.write_quorum, options.adopt_peers, options.accept_loss};
  for (const auto& peer : options.peers) wanted.peers.push_back(peer.name);
  auto list = core::settle_members({held->members, !held->vector.empty(), held->disks}, wanted);
  if (!list) return list.error();
  auto settled = options;
  settled.write_quorum = list->write_quorum;
  const bool founding = list->founder == options.name && held->members != *list;
  return std::unique_ptr<node>(std::make_unique<running_node>(settled, start_list{std::move(*list), founding},
                                                              std::move(store), std::move(transport),
                                                              std::move(on_fatal), time, runtime));
}

}  // namespace quorate
