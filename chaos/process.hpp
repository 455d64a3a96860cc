// One child process: started, signalled, waited for with a bound, killed by the destructor.
//
// Owned by one thread at a time; `start` only from the main thread, because the kernel kills a child with
// PR_SET_PDEATHSIG when the *thread* that forked it ends. The child leads its own process group (a Ctrl-C in the
// terminal does not reach it) and inherits no descriptor but its output file; it dies with this process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

struct process_options {
  std::vector<std::string> arguments;    ///< the program's path first
  std::vector<std::string> environment;  ///< NAME=VALUE, over ours
  std::string output;                    ///< stdout and stderr are appended to this file
  int network_namespace = -1;            ///< descriptor of the network namespace it lives in; -1: ours
};

/// How a process ended.
struct process_end {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;      ///< 0 when it exited by itself
};

/// "exit code 2", "signal 9".
std::string text_of(const process_end& end);

class process {
 public:
  /// Errors: the program cannot be executed, the output file cannot be opened.
  static result<process> start(const process_options& options);

  process() = default;
  process(process&& other) noexcept;
  process& operator=(process&& other) noexcept;
  ~process();

  /// 0 when nothing was started or it has been waited for.
  pid_t pid() const { return pid_; }
  bool running();
  /// Sends a signal; does nothing once the process is gone.
  void signal(int number);
  /// SIGSTOP, and returns when no thread of it runs any more.
  void stop_running();
  /// Its end, also if that was noticed earlier; nothing when it still runs after `bound`.
  std::optional<process_end> wait(std::chrono::milliseconds bound);
  /// SIGKILL, and waits for the end.
  void kill();

 private:
  pid_t pid_ = 0;
  int pid_fd_ = -1;
  std::optional<process_end> end_;
};

/// User and system time a running process has used, in microseconds; 0 when it is gone.
std::int64_t cpu_us_of(pid_t pid);

}  // namespace quorate::chaos
