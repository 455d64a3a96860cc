// quorate: the node and its command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/serve.hpp"
#include "net/grpc_process.hpp"

namespace {

std::size_t terminal_width() {
  winsize size{};
  return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

int main(int count, char** values) {
  using namespace quorate;
  // The library's own log tells nothing that our messages do not, in many lines; whoever debugs it can turn it on.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  net::tune_grpc_process();
  const std::vector<std::string> arguments(values + 1, values + count);
  const cli::console where{std::cin, std::cout, std::cerr, STDIN_FILENO, terminal_width(), isatty(STDERR_FILENO) != 0};
  return cli::run_command_line(arguments, where, {cli::serve, cli::open_embedded});
}
