// The operator's verbs: admin status, actors, digest, drill. The first three ask every endpoint.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

std::string dump(const ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string hex_of(std::uint64_t number) {
  v1::Version version;
  version.set_node(number);
  return text_of(version).substr(2);
}

ordered_json vector_object(const google::protobuf::RepeatedPtrField<v1::LogPosition>& vector) {
  auto out = ordered_json::array();
  for (const auto& log : vector)
    out.push_back({{"origin", hex_of(log.origin())}, {"epoch", log.epoch()}, {"sequence", log.sequence()}});
  return out;
}

std::string offset_of(const v1::PeerStatus& peer) {
  if (!peer.clock_known()) return "?";
  return (peer.clock_offset_ms() < 0 ? "" : "+") + std::to_string(peer.clock_offset_ms()) + " ms";
}

std::string_view state_of(const v1::PeerStatus& peer) {
  return !peer.up() ? "DOWN" : !peer.counts() ? "FILLING" : peer.full() ? "FULL" : "UP";
}

ordered_json peer_object(const v1::PeerStatus& peer) {
  return {{"name", peer.name()},
          {"address", peer.address()},
          {"state", state_of(peer)},
          {"last_heard_ms", peer.last_heard_ms()},
          {"clock_offset_ms", peer.clock_known() ? ordered_json(peer.clock_offset_ms()) : ordered_json()},
          {"entries_behind", peer.entries_behind()},
          {"bytes_in_flight", peer.bytes_in_flight()},
          {"connects", peer.connects()},
          {"last_error", peer.last_error()},
          {"counts", peer.counts()}};
}

ordered_json node_object(const v1::StatusReply& node) {
  auto peers = ordered_json::array();
  for (const auto& peer : node.peers()) peers.push_back(peer_object(peer));
  return {{"name", node.name()},
          {"cluster_id", node.cluster_id()},
          {"version", node.version()},
          {"state", node.state()},
          {"epoch", node.epoch()},
          {"uptime_ms", node.uptime_ms()},
          {"members", node.members()},
          {"write_quorum", node.write_quorum()},
          {"records", node.records()},
          {"tombstones", node.tombstones()},
          {"writes_pending", node.writes_pending()},
          {"entries_refused_clock", node.entries_refused_clock()},
          {"entries_poisoned", node.entries_poisoned()},
          {"sync", node.sync()},
          {"takes_writes", node.takes_writes()},
          {"reason", node.reason()},
          {"advice", node.advice()},
          {"waiting_for", node.waiting_for()},
          {"notes", node.notes()},
          {"complete", node.complete()},
          {"peers", std::move(peers)},
          {"vector", vector_object(node.vector())}};
}

/// One row of a listing of nodes, when the node did not answer.
ordered_json silent_object(const std::string& endpoint, const net::call_result& result) {
  return {{"endpoint", endpoint}, {"reachable", result.reached}, {"error", result.message}};
}

ordered_json answered_object(const std::string& endpoint, const ordered_json& rest) {
  ordered_json object{{"endpoint", endpoint}, {"reachable", true}};
  object.update(rest);
  return object;
}

/// Asks each endpoint in turn. `ask` returns what the node said as an object and adds table rows; failures become
/// one row each. `last` may add to the JSON object; `notes`, filled meanwhile, are lines below the table.
template <class Reply>
int ask_each(session& run, table rows, net::call_result (net::client::*call)(Reply*),
             const std::function<ordered_json(const Reply& reply, const std::string& endpoint, table* rows)>& describe,
             const std::function<void(ordered_json* object)>& last = {}, const std::vector<std::string>& notes = {}) {
  auto clients = run.connect_to_each();
  if (!clients) return run.complain(clients.error());
  auto nodes = ordered_json::array();
  int exit = exit_done;
  for (auto& client : *clients) {
    const auto endpoint = client->endpoints().front();
    Reply reply;
    const auto result = ((*client).*call)(&reply);
    if (result.ok()) {
      nodes.push_back(answered_object(endpoint, describe(reply, endpoint, &rows)));
      continue;
    }
    exit = exit_failed;
    rows.add({endpoint, "-", (result.reached ? "failed: " : "unreachable: ") + result.message});
    nodes.push_back(silent_object(endpoint, result));
  }
  ordered_json object{{"nodes", std::move(nodes)}};
  if (last) last(&object);
  if (run.json) {
    run.out() << dump(object) << '\n';
    return exit;
  }
  rows.print(run.out(), run.terminal().width);
  for (const auto& note : notes) run.out() << note << '\n';
  return exit;
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

/// What an operator should know of a node in a sentence each: why it takes no writes, and who is away though it does.
void add_notes(const v1::StatusReply& node, std::vector<std::string>* notes) {
  if (!node.reason().empty()) {
    notes->push_back(one_line(node.name() + " takes no writes: " + node.reason()
                              + (node.advice().empty() ? "" : "; " + node.advice())));
    return;
  }
  for (const auto& note : node.notes()) notes->push_back(one_line(node.name() + " takes writes, but " + note));
}

int node_status(session& run) {
  std::vector<std::string> notes;
  table rows({"ENDPOINT", "NODE", "STATE", "RECORDS", "QUORUM", "PEER", "LINK", "BEHIND", "CLOCK"});
  return ask_each<v1::StatusReply>(
      run, std::move(rows), &net::client::node_status,
      [&notes](const v1::StatusReply& node, const std::string& endpoint, table* out) {
        add_notes(node, &notes);
        const auto quorum = std::to_string(node.write_quorum()) + " of " + std::to_string(node.members());
        std::vector<std::string> row{endpoint, node.name(), node.state(), std::to_string(node.records()), quorum};
        for (const auto& peer : node.peers()) {
          row.insert(row.end(), {peer.name(), std::string(state_of(peer)), std::to_string(peer.entries_behind()),
                                 offset_of(peer)});
          out->add(std::move(row));
          row.assign(5, "");
        }
        if (node.peers().empty()) out->add(std::move(row));
        return node_object(node);
      },
      {}, notes);
}

int actors(session& run) {
  table rows({"ENDPOINT", "ACTOR", "STATE", "RESTARTS", "MAILBOX", "LAST REASON"});
  return ask_each<v1::ActorsReply>(
      run, std::move(rows), &net::client::actors,
      [](const v1::ActorsReply& reply, const std::string& endpoint, table* out) {
        auto all = ordered_json::array();
        for (const auto& actor : reply.actors()) {
          out->add({endpoint, actor.name(), actor.state(), std::to_string(actor.restarts()),
                    std::to_string(actor.mailbox()), actor.last_reason()});
          all.push_back({{"name", actor.name()},
                         {"state", actor.state()},
                         {"restarts", actor.restarts()},
                         {"mailbox", actor.mailbox()},
                         {"last_reason", actor.last_reason()}});
        }
        return ordered_json{{"actors", std::move(all)}};
      });
}

int digest(session& run) {
  table rows({"ENDPOINT", "ROOT", "RECORDS", "TOMBSTONES"});
  std::set<std::string> roots;
  return ask_each<v1::DigestReply>(
      run, std::move(rows), &net::client::digest,
      [&roots](const v1::DigestReply& reply, const std::string& endpoint, table* out) {
        const auto root = hex(reply.root());
        roots.insert(root);
        out->add({endpoint, root, std::to_string(reply.records()), std::to_string(reply.tombstones())});
        auto buckets = ordered_json::array();
        for (const auto& bucket : reply.buckets()) buckets.push_back(hex(bucket));
        return ordered_json{{"root", root},
                            {"records", reply.records()},
                            {"tombstones", reply.tombstones()},
                            {"vector", vector_object(reply.vector())},
                            {"buckets", std::move(buckets)}};
      },
      [&roots](ordered_json* object) { (*object)["equal"] = roots.size() == 1; });
}

int drill(session& run, const v1::DrillRequest& request) {
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  if ((*client)->endpoints().size() != 1)
    return run.complain(status::invalid("--endpoints", "must name exactly one node for a drill"));
  if (const auto result = (*client)->drill(request); !result.ok()) return run.complain(result, "done");
  run.out() << (run.json ? "{\"done\":true}\n" : "done\n");
  return exit_done;
}

void add_drill(CLI::App& admin, session& run) {
  auto& verb = add_verb(admin, "drill", "Break something on purpose (the node must run with --enable-drills)",
                        "quorate admin drill cut-link b");
  verb.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, const char* what,
                       void (*fill)(v1::DrillRequest*, const std::string&)) {
    auto target = std::make_shared<std::string>();
    auto& kind =
        add_verb(verb, name, help,
                 std::string("quorate admin drill ") + name + (std::string_view(what) == "ACTOR" ? " writer" : " b"));
    kind.add_option(what, *target)->required();
    kind.callback([&run, target, fill] {
      v1::DrillRequest request;
      fill(&request, *target);
      run.exit = drill(run, request);
    });
  };
  add("kill-actor", "Make an actor throw at its next message", "ACTOR",
      [](v1::DrillRequest* request, const std::string& name) { request->set_kill_actor(name); });
  add("cut-link", "Stop all traffic with a peer", "PEER",
      [](v1::DrillRequest* request, const std::string& name) { request->set_cut_link(name); });
  add("heal-link", "Undo cut-link", "PEER",
      [](v1::DrillRequest* request, const std::string& name) { request->set_heal_link(name); });
}

}  // namespace

void add_admin_commands(CLI::App& program, session& run) {
  auto& admin = add_verb(program, "admin", "Look into nodes", "quorate admin status --endpoints a:7411,b:7411,c:7411");
  admin.require_subcommand(1);
  add_verb(admin, "status", "What each node is, holds and sees of the others",
           "quorate admin status --endpoints a:7411,b:7411")
      .callback([&run] { run.exit = node_status(run); });
  add_verb(admin, "actors", "The supervision tree of each node", "quorate admin actors --json").callback([&run] {
    run.exit = actors(run);
  });
  add_verb(admin, "digest", "The content digest of each node: equal digests, equal content",
           "quorate admin digest --endpoints a:7411,b:7411 --json")
      .callback([&run] { run.exit = digest(run); });
  add_drill(admin, run);
}

}  // namespace quorate::cli
