#include "cli/serve.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <thread>
#include <utility>

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "cli/node_backup.hpp"
#include "cli/serve_options.hpp"
#include "memory/stored_value.hpp"
#include "net/collect.hpp"
#include "net/grpc_server.hpp"
#include "net/grpc_transport.hpp"
#include "net/http/gateway.hpp"
#include "proto/clock.hpp"
#include "quorate/v1/admin.pb.h"
#include "storage/data_directory.hpp"
#include "storage/disk_space.hpp"
#include "storage/rocks_store.hpp"

namespace quorate::cli {
namespace {

// Calls that wait when the node has drained are answered by then; the rest is cut.
constexpr std::int64_t server_grace_ms = 500;
constexpr std::int64_t http_grace_ms = 200;
constexpr std::int64_t stop_ms_max = limits::drain_ms_max + 900;
constexpr long poll_ms = 100;
/// What an embedded node calls itself; `serve --name local` can take its directory over.
constexpr const char* embedded_name = "local";

void configure_logging(const serve_options& options) {
  logging::start(options.format, options.level, options.node.name);
}

/// Wakes the main thread; nobody else sends it.
constexpr int wake_signal = SIGUSR1;

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

sigset_t awaited_signals() {
  auto signals = stop_signals();
  sigaddset(&signals, wake_signal);
  return signals;
}

/// Before any other thread starts: all threads inherit it, so the signals wait for `wait_for_signal`.
void hold_signals() {
  const auto signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int wait_for_signal() {
  const auto signals = awaited_signals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) continue;
  return signal;
}

[[noreturn]] void exit_at_once(const std::string& why) {
  logging::event(logging::level::error, "process exits", {{"why", why}});
  logging::flush();
  // Destructors would wait for the very threads that cannot go on.
  _exit(exit_failed);
}

/// Lives while the node stops: no end in time ends the process, and so does a second signal unless it is the first.
class impatience {
 public:
  enum class signals { end_the_process, wait };
  explicit impatience(signals meanwhile)
      : thread_([this, meanwhile](const std::stop_token& stopped) { watch(stopped, meanwhile); }) {}

 private:
  void watch(const std::stop_token& stopped, signals meanwhile) {
    sigset_t ending;
    sigemptyset(&ending);
    if (meanwhile == signals::end_the_process) ending = stop_signals();
    const auto deadline_us = system_clock().steady_us() + stop_ms_max * 1'000;
    const timespec pause{0, poll_ms * 1'000'000};
    while (!stopped.stop_requested()) {
      if (sigtimedwait(&ending, nullptr, &pause) > 0) exit_at_once("stopped at once by a second signal");
      if (system_clock().steady_us() > deadline_us) exit_at_once("the node did not stop in time");
    }
  }
  std::jthread thread_;
};

/// Why the node cannot go on, from the thread that found out to the main one.
class ending {
 public:
  void report(const status& why) {
    {
      const std::lock_guard lock(mutex_);
      why_ = why;
    }
    kill(getpid(), wake_signal);
  }
  /// ok: nothing was reported.
  status reason() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  mutable std::mutex mutex_;
  status why_;
};

struct running_node {
  // In the order of who needs whom; destroyed the other way round.
  std::unique_ptr<node> members;
  std::unique_ptr<net::grpc_server> server;
  std::unique_ptr<net::http::gateway> http;  ///< null: none was asked for
};

/// Where a node can be reached; empty = not at all.
struct doors {
  std::string grpc;
  std::string http;
  std::string api_key;
};

/// The store speaks of a directory; the user gave a flag.
status about_directory(const status& error) {
  return error.field().empty() ? status(error.code(), "--data: " + error.context()) : error;
}

void stop(running_node& running) {
  running.server->set_serving(false);
  if (running.http) running.http->close();
  running.members->drain();
  // A request under way has the answer of its call by now, and only has to be written.
  if (running.http) running.http->stop(http_grace_ms);
  running.server->stop(server_grace_ms);
  running.http.reset();
}

/// The reaper's work: what an operator asks for with `quorate gc`.
result<std::uint64_t> collect_expired(net::node_api& node) {
  const auto deadline_us = node.time().steady_us() + limits::collect_deadline_ms * 1'000;
  const auto done = net::collect_expired(node, v1::CollectExpiredRequest(), deadline_us);
  if (!done) return done.error();
  return done->collected();
}

/// What a client asks for with `quorate backup --incremental`.
status back_up_into(const storage::store& disk, const std::string& to, const std::string& source,
                    const std::function<bool()>& give_up, const v1::BackupIntoRequest& request,
                    v1::BackupIntoReply* reply) {
  const auto made = back_up_incrementally(disk, {to, source, request.keep(), give_up});
  if (!made) {
    logging::event(logging::level::warn, "backup.failed", {{"directory", to}, {"reason", made.error().message()}});
    // The flag was the operator's; the caller named nothing.
    return {made.error().code(), made.error().context()};
  }
  const auto& content = made->backup.content;
  logging::event(logging::level::info, "backup.made",
                 {{"directory", to},
                  {"id", content.id},
                  {"bytes", static_cast<std::int64_t>(content.bytes)},
                  {"new_bytes", static_cast<std::int64_t>(content.new_bytes)}});
  reply->set_id(content.id);
  reply->set_bytes(content.bytes);
  reply->set_new_bytes(content.new_bytes);
  reply->set_removed(made->removed);
  reply->set_manifest(made->backup.manifest_path);
  return {};
}

result<running_node> start(const node_options& options, const std::string& directory, const doors& open,
                           std::function<void(const status& why)> on_fatal) {
  if (auto valid = validate(options); !valid) return valid;
  storage::rocks_options disk;
  disk.directory = directory;
  disk.identity = {options.cluster_id, options.name};
  disk.on_warning = [](bool is_error, const std::string& line) {
    logging::event(is_error ? logging::level::error : logging::level::warn, "disk.warning", {{"message", line}});
  };
  auto store = storage::open_rocks_store(disk);
  if (!store) return about_directory(store.error());
  auto started = start_node(options, std::move(*store), net::make_grpc_transport(), std::move(on_fatal));
  if (!started) return started.error();
  auto server = net::start_grpc_server((*started)->api(), open.grpc);
  if (!server) {
    (*started)->drain();
    return server.error();
  }
  running_node running{std::move(*started), std::move(*server), nullptr};
  if (open.http.empty()) return running;
  auto http = net::http::start_gateway({open.http, open.api_key, options.name}, running.server->in_process_channel());
  if (!http) {
    stop(running);
    return http.error();
  }
  running.http = std::move(*http);
  return running;
}

class embedded final : public embedded_node {
 public:
  explicit embedded(running_node&& running) : running_(std::move(running)) {}
  ~embedded() override { stop(running_); }
  std::shared_ptr<grpc::Channel> channel() override { return running_.server->in_process_channel(); }

 private:
  running_node running_;
};

/// What may still be done for a node that cannot go on, or could not start.
bool may_begin_anew(const serve_options& options, const status& why) {
  // Alone it has nobody to fill it. Where an empty disk is taken for complete, emptying it gives up what it held.
  return why.code() == errc::corruption && options.damage == on_damage::refill && !options.node.peers.empty()
         && !options.node.accept_loss;
}

/// Space ran out under the node; it may come back.
bool may_wait(const status& why) { return why.code() == errc::disk_full; }

/// Until a store can be opened in the directory (true) or a stop signal comes (false).
bool wait_for_space(const std::string& directory) {
  logging::event(logging::level::error, "disk.waiting_for_space", {{"directory", directory}});
  const auto signals = stop_signals();
  const timespec pause{0, poll_ms * 1'000'000};
  while (sigtimedwait(&signals, nullptr, &pause) < 0) {
    const auto free = storage::free_bytes(directory);
    const auto needed = storage::space_needed(directory);
    // What cannot be asked is for the opening to report.
    if (!free || !needed || *free >= *needed) return true;
  }
  return false;
}

/// Should this process end before the damage is dealt with, the next one would have to find it first.
void remember_damage(const std::string& directory, const status& why) {
  if (auto marked = storage::mark_damaged(directory, why.context()); !marked)
    logging::event(logging::level::error, "disk.not_marked", {{"reason", marked.message()}});
}

/// Serves until a stop signal (ok) or until the node cannot go on: then why, and all of it is closed.
status serve_once(const serve_options& options, std::ostream& out, bool* served) {
  const auto end = std::make_shared<ending>();
  auto node = options.node;
  node.collect_expired = collect_expired;
  node.check_value = [](const mutation& change) { return memory::check_value(change); };
  if (!options.backup_directory.empty())
    node.back_up = [to = options.backup_directory, source = options.directory](
                       const storage::store& disk, const std::function<bool()>& give_up,
                       const v1::BackupIntoRequest& request,
                       v1::BackupIntoReply* reply) { return back_up_into(disk, to, source, give_up, request, reply); };
  node.began_after_damage = storage::holds_set_aside(options.directory);
  auto running = start(node, options.directory, {options.listen, options.http, options.api_key},
                       [&options, end](const status& why) {
                         if (!may_begin_anew(options, why) && !may_wait(why))
                           exit_at_once("the node cannot go on: " + why.message());
                         end->report(why);
                       });
  if (!running) return end->reason().ok() ? running.error() : end->reason();
  running->server->set_serving(true);
  *served = true;
  out << "quorate: node " << options.node.name << " serves on " << running->server->address() << std::endl;
  if (running->http)
    out << "quorate: node " << options.node.name << " serves HTTP on " << running->http->address() << std::endl;
  auto signal = wake_signal;
  while (signal == wake_signal && end->reason().ok()) signal = wait_for_signal();
  const auto why = end->reason();
  if (why.ok()) logging::event(logging::level::info, "node stops", {{"signal", signal}});
  if (why.code() == errc::corruption) remember_damage(options.directory, why);
  const impatience watching(why.ok() ? impatience::signals::end_the_process : impatience::signals::wait);
  auto stopping = std::move(*running);
  stop(stopping);
  if (const auto found = end->reason(); why.ok() && found.code() == errc::corruption)
    remember_damage(options.directory, found);
  return why;
}

/// Leaves an empty directory in place of a damaged one.
status set_aside(const std::string& directory, const status& why) {
  const auto copy = storage::set_aside(directory, why.context());
  if (!copy) return about_directory(copy.error());
  logging::event(
      logging::level::warn, "disk.set_aside",
      {{"damage", copy->reason},
       {"copy", copy->path},
       {"next", "the other members fill this node; delete the copy when 'admin status' no longer says filling"}});
  return {};
}

}  // namespace

int serve(const serve_options& options, std::ostream& out, std::ostream& err) {
  configure_logging(options);
  hold_signals();
  signal(SIGPIPE, SIG_IGN);
  bool served = false;
  auto why = serve_once(options, out, &served);
  unsigned copies = 0;
  while (!why.ok()) {
    if (may_wait(why) && served) {
      if (!wait_for_space(options.directory)) return exit_done;
    } else if (may_begin_anew(options, why) && copies++ < limits::damaged_copies_max) {
      why = set_aside(options.directory, why);
      if (!why.ok()) break;
    } else {
      break;
    }
    why = serve_once(options, out, &served);
  }
  if (why.ok()) return exit_done;
  err << "quorate: " << why.message() << '\n';
  return exit_code_of(why);
}

namespace {

/// Its parts begin one after the other; until the last has, a linearizable write would be refused. A state that lasts
/// is for the calls to report.
void wait_until_begun(const net::node_api& node) {
  constexpr std::chrono::milliseconds pause(1);
  for (std::chrono::milliseconds waited(0); waited < std::chrono::seconds(5); waited += pause) {
    v1::StatusReply reply;
    node.describe(&reply);
    if (reply.state() == "serving" || reply.state() == "disk_full") return;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

result<std::unique_ptr<embedded_node>> open_embedded(const std::string& directory) {
  logging::start(logging::format::text, logging::level::error, embedded_name);
  node_options options;
  options.name = embedded_name;
  options.write_quorum = 1;
  auto running =
      start(options, directory, {}, [](const status& why) { exit_at_once("the node cannot go on: " + why.message()); });
  if (!running) return running.error();
  wait_until_begun(running->members->api());
  return std::make_unique<embedded>(std::move(*running));
}

result<restored_directory> restore_directory(const restore_order& order) {
  auto restored =
      storage::restore_rocks_store({order.target.directory, {order.target.cluster_id, order.target.name}}, order.input);
  if (!restored) return restored.error();
  return restored_directory{restored->owner.cluster_id, restored->owner.node_name, restored->rows};
}

}  // namespace quorate::cli
