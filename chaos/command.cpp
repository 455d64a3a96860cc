#include "chaos/command.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "chaos/process.hpp"

namespace quorate::chaos {
namespace {

/// A file without a name, gone with its last descriptor.
class memory_file {
 public:
  explicit memory_file(const char* name) : fd_(memfd_create(name, MFD_CLOEXEC)) {}
  ~memory_file() {
    if (fd_ >= 0) close(fd_);
  }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  bool ok() const { return fd_ >= 0; }
  /// Others open it through our descriptor; it needs no place in a directory.
  std::string path() const { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_); }
  bool fill(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const auto written = write(fd_, text.data() + done, text.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      done += static_cast<std::size_t>(written);
    }
    return true;
  }
  std::string text() const {
    std::string all;
    char part[4'096];
    while (true) {
      const auto got = pread(fd_, part, sizeof part, static_cast<off_t>(all.size()));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return all;
      all.append(part, static_cast<std::size_t>(got));
    }
  }

 private:
  int fd_;
};

/// Empty when it is nowhere.
std::string path_of(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (folder.empty()) continue;
    folder.append("/").append(program);
    if (access(folder.c_str(), X_OK) == 0) return folder;
  }
  return "";
}

std::string text_of(const command& what) {
  std::string text;
  for (const auto& argument : what.arguments) text += (text.empty() ? "" : " ") + argument;
  return text;
}

}  // namespace

result<command_end> run_to_end(const command& what, std::chrono::milliseconds bound) {
  process_options options;
  options.arguments = what.arguments;
  options.environment = what.environment;
  options.network_namespace = what.network_namespace;
  options.arguments.front() = path_of(what.arguments.front());
  if (options.arguments.front().empty())
    return status(errc::internal, what.arguments.front() + " is not installed: Debian has it in the package "
                                      + (what.package.empty() ? what.arguments.front() : what.package));

  memory_file output("output");
  memory_file input("input");
  if (!output.ok() || !input.ok() || !input.fill(what.input))
    return status(errc::internal, std::string("memfd_create: ") + std::strerror(errno));
  options.output = output.path();
  if (!what.input.empty()) options.arguments.push_back(input.path());

  auto child = process::start(options);
  if (!child) return child.error();
  const auto end = child->wait(bound);
  if (!end)
    return status(errc::internal, "'" + text_of(what) + "' still ran after " + std::to_string(bound.count()) + " ms");
  return command_end{end->exit_code, output.text()};
}

result<std::string> output_of(const command& what, std::chrono::milliseconds bound) {
  auto end = run_to_end(what, bound);
  if (!end) return end.error();
  if (end->exit_code != 0)
    return status(errc::internal, "'" + text_of(what) + "' ended with "
                                      + (end->exit_code < 0 ? "a signal" : std::to_string(end->exit_code)) + ": "
                                      + end->output);
  return std::move(end->output);
}

}  // namespace quorate::chaos
