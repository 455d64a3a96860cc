#include "cli/serve.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <functional>
#include <ostream>
#include <thread>
#include <utility>

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "cli/serve_options.hpp"
#include "net/grpc_server.hpp"
#include "net/grpc_transport.hpp"
#include "proto/clock.hpp"
#include "storage/rocks_store.hpp"

namespace quorate::cli {
namespace {

// Calls that wait when the node has drained are answered by then; the rest is cut.
constexpr std::int64_t server_grace_ms = 500;
constexpr std::int64_t stop_ms_max = limits::drain_ms_max + 900;
constexpr long poll_ms = 100;
/// What an embedded node calls itself; `serve --name local` can take its directory over.
constexpr const char* embedded_name = "local";

void configure_logging(const serve_options& options) {
  logging::start(options.format, options.level, options.node.name);
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

/// Before any other thread starts: all threads inherit it, so the signals wait for `wait_for_stop_signal`.
void hold_stop_signals() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int wait_for_stop_signal() {
  const auto signals = stop_signals();
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

/// Lives while the node stops: a second signal, or no end in time, ends the process.
class impatience {
 public:
  impatience() : thread_([this](const std::stop_token& stopped) { watch(stopped); }) {}

 private:
  void watch(const std::stop_token& stopped) {
    const auto signals = stop_signals();
    const auto deadline_us = system_clock().steady_us() + stop_ms_max * 1'000;
    const timespec pause{0, poll_ms * 1'000'000};
    while (!stopped.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &pause) > 0) exit_at_once("stopped at once by a second signal");
      if (system_clock().steady_us() > deadline_us) exit_at_once("the node did not stop in time");
    }
  }
  std::jthread thread_;
};

struct running_node {
  // In the order of who needs whom; destroyed the other way round.
  std::unique_ptr<node> members;
  std::unique_ptr<net::grpc_server> server;
};

/// The store speaks of a directory; the user gave a flag.
status about_directory(const status& error) {
  return error.field().empty() ? status(error.code(), "--data: " + error.context()) : error;
}

result<running_node> start(const node_options& options, const std::string& directory, const std::string& listen,
                           std::function<void(const status& why)> on_fatal) {
  if (auto valid = validate(options); !valid) return valid;
  storage::rocks_options disk;
  disk.directory = directory;
  disk.identity = {options.cluster_id, options.name};
  auto store = storage::open_rocks_store(disk);
  if (!store) return about_directory(store.error());
  auto started = start_node(options, std::move(*store), net::make_grpc_transport(), std::move(on_fatal));
  if (!started) return started.error();
  auto server = net::start_grpc_server((*started)->api(), listen);
  if (!server) {
    (*started)->drain();
    return server.error();
  }
  return running_node{std::move(*started), std::move(*server)};
}

void stop(running_node& running) {
  running.server->set_serving(false);
  running.members->drain();
  running.server->stop(server_grace_ms);
}

class embedded final : public embedded_node {
 public:
  explicit embedded(running_node&& running) : running_(std::move(running)) {}
  ~embedded() override { stop(running_); }
  std::shared_ptr<grpc::Channel> channel() override { return running_.server->in_process_channel(); }

 private:
  running_node running_;
};

}  // namespace

int serve(const serve_options& options, std::ostream& out, std::ostream& err) {
  configure_logging(options);
  hold_stop_signals();
  signal(SIGPIPE, SIG_IGN);
  auto running = start(options.node, options.directory, options.listen,
                       [](const status& why) { exit_at_once("the node cannot go on: " + why.message()); });
  if (!running) {
    err << "quorate: " << running.error().message() << '\n';
    return exit_code_of(running.error());
  }
  running->server->set_serving(true);
  out << "quorate: node " << options.node.name << " serves on " << running->server->address() << std::endl;
  logging::event(logging::level::info, "node stops", {{"signal", wait_for_stop_signal()}});
  const impatience watching;
  auto stopping = std::move(*running);
  stop(stopping);
  return exit_done;
}

result<std::unique_ptr<embedded_node>> open_embedded(const std::string& directory) {
  logging::start(logging::format::text, logging::level::error, embedded_name);
  node_options options;
  options.name = embedded_name;
  options.write_quorum = 1;
  auto running =
      start(options, directory, "", [](const status& why) { exit_at_once("the node cannot go on: " + why.message()); });
  if (!running) return running.error();
  return std::make_unique<embedded>(std::move(*running));
}

}  // namespace quorate::cli
