// quorate: the node and its command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/node_backup.hpp"
#include "cli/serve.hpp"
#include "net/grpc_process.hpp"
#include "proto/clock.hpp"
#include "proto/test_points.hpp"

namespace {

std::size_t terminal_width() {
  winsize size{};
  return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

#ifdef QUORATE_TEST_POINTS
/// Only in the program that shows that the gate can fail: QUORATE_PLANTED names the wrong behaviour of this node.
int plant_from_environment() {
  const char* wanted = std::getenv("QUORATE_PLANTED");
  const std::string name = wanted ? wanted : "none";
  std::thread([] {
    for (;; std::this_thread::sleep_for(std::chrono::milliseconds(50)))
      quorate::points.unix_ms = static_cast<std::uint64_t>(quorate::system_clock().wall_ms());
  }).detach();
  if (name == "none") return 0;
#define QUORATE_PLANTED_BUG(bug, promise, what)          \
  if (name == #bug) {                                    \
    quorate::points.planted = quorate::planted_bug::bug; \
    return 0;                                            \
  }
#include "proto/planted_bugs.def"
#undef QUORATE_PLANTED_BUG
  std::cerr << "quorate: QUORATE_PLANTED names no planted bug: " << name << '\n';
  return 2;
}
#else
int plant_from_environment() { return 0; }
#endif

}  // namespace

int main(int count, char** values) {
  using namespace quorate;
  // The library's own log tells nothing that our messages do not, in many lines; whoever debugs it can turn it on.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  net::tune_grpc_process();
  if (const int wrong = plant_from_environment(); wrong != 0) return wrong;
  const std::vector<std::string> arguments(values + 1, values + count);
  const cli::console where{std::cin, std::cout, std::cerr, STDIN_FILENO, terminal_width(), isatty(STDERR_FILENO) != 0};
  return cli::run_command_line(arguments, where,
                               {cli::serve, cli::open_embedded, cli::restore_directory, cli::back_up_directory,
                                cli::verify_incremental, cli::restore_incremental});
}
