#include "chaos/keep_cluster.hpp"

#include <cstdio>
#include <iostream>
#include <set>
#include <thread>

#include "chaos/local_cluster.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds stop_bound(6'000);

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

void explain(local_cluster& cluster, const std::string& program) {
  for (const auto& name : cluster.names())
    std::cout << "  " << bold(name) << "  " << cluster.address(name) << "  " << dim("pid ") << cluster.pid(name) << "  "
              << dim(cluster.data_directory(name)) << "\n";
  std::cout << "\nIn another terminal:\n\n"
            << "  export QUORATE_ENDPOINTS=" << joined(cluster.addresses()) << "\n"
            << "  " << program << " store --title 'a first note' --content 'on two disks before the answer'\n"
            << "  " << program << " list\n\n"
            << dim("Kill any of them (kill -9 " + std::to_string(cluster.pid(cluster.names().front()))
                   + ") and go on writing. Ctrl-C here ends all.")
            << std::endl;
}

}  // namespace

int keep_cluster(const keep_cluster_options& options) {
  cluster_options wanted;
  wanted.program = options.program;
  wanted.directory = options.directory;
  wanted.ports = {7411, 7421, 7431};
  wanted.flags["--write-quorum"] = "2";
  if (options.drills) wanted.flags["--enable-drills"] = "";
  auto cluster = local_cluster::prepare(wanted);
  if (!cluster) {
    std::cerr << "quorate-chaos: " << cluster.error().message() << "\n";
    return 1;
  }
  auto& nodes = **cluster;
  if (const auto started = nodes.start_all(); !started) {
    std::cerr << "quorate-chaos: " << started.message() << "\n";
    return 1;
  }
  explain(nodes, options.program);
  std::set<std::string> ended;
  while (!interrupted()) {
    for (const auto& name : nodes.names()) {
      if (!nodes.running(name) && ended.insert(name).second)
        std::cout << "node " << name << " ended; its log: " << nodes.directory() << "/" << name << ".log" << std::endl;
    }
    std::this_thread::sleep_for(milliseconds(100));
  }
  int exit_code = 0;
  for (const auto& name : nodes.names()) {
    if (!nodes.running(name)) continue;
    const auto end = nodes.terminate(name, stop_bound);
    if (end && end->exit_code == 0) continue;
    std::cerr << "node " << name << ": " << (end ? text_of(*end) : end.error().message()) << "\n";
    exit_code = 1;
  }
  std::cout << "stopped; the data stays in " << nodes.directory() << std::endl;
  return exit_code;
}

}  // namespace quorate::chaos
