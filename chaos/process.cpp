#include "chaos/process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

extern char** environ;

namespace quorate::chaos {
namespace {

std::vector<std::string> environment_with(const std::vector<std::string>& extra) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view ours(*entry);
    const auto name = ours.substr(0, ours.find('=') + 1);
    const bool replaced = std::any_of(
        extra.begin(), extra.end(), [&](const std::string& other) { return other.compare(0, name.size(), name) == 0; });
    if (!replaced) all.emplace_back(ours);
  }
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Runs in the child of a process with threads: nothing here may allocate or lock.
[[noreturn]] void become(char* const* arguments, char* const* environment, int output, int network_namespace,
                         pid_t parent, int report) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) ::signal(number, SIG_DFL);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(output, 1);
  dup2(output, 2);
  syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
  // Never in the wrong network: what is started in a namespace may change addresses and rules there.
  if (network_namespace < 0 || setns(network_namespace, CLONE_NEWNET) == 0)
    execve(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const auto written = write(report, &error, sizeof error);
  _exit(127);
}

process_end end_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {-1, info.si_status};
}

status failure(const std::string& what, int error) {
  return status(errc::internal, what + ": " + std::strerror(error));
}

}  // namespace

std::string text_of(const process_end& end) {
  return end.signal ? "signal " + std::to_string(end.signal) : "exit code " + std::to_string(end.exit_code);
}

result<process> process::start(const process_options& options) {
  if (gettid() != getpid()) return status(errc::internal, "processes are started by the main thread only");
  auto argument_texts = options.arguments;
  auto environment_texts = environment_with(options.environment);
  const auto arguments = pointers_to(argument_texts);
  const auto environment = pointers_to(environment_texts);

  const int output = open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) return failure("cannot open " + options.output, errno);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    const int error = errno;
    close(output);
    return failure("pipe", error);
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(arguments.data(), environment.data(), output, options.network_namespace, parent, report[1]);
  const int fork_error = errno;
  close(output);
  close(report[1]);
  int error = 0;
  const bool failed = child > 0 && read(report[0], &error, sizeof error) == sizeof error;
  close(report[0]);
  if (child < 0) return failure("fork", fork_error);

  process started;
  started.pid_ = child;
  started.pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, child, 0));  // close-on-exec by itself
  if (failed) return failure("cannot run " + options.arguments.front(), error);
  if (started.pid_fd_ < 0) return failure("pidfd_open", errno);
  return started;
}

process::process(process&& other) noexcept { *this = std::move(other); }

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, 0);
    pid_fd_ = std::exchange(other.pid_fd_, -1);
    end_ = std::exchange(other.end_, std::nullopt);
  }
  return *this;
}

process::~process() { kill(); }

bool process::running() { return pid_ != 0 && !wait(std::chrono::milliseconds(0)); }

void process::signal(int number) {
  if (pid_ != 0) ::kill(pid_, number);
}

void process::stop_running() {
  if (pid_ == 0) return;
  signal(SIGSTOP);
  siginfo_t info{};
  // WNOWAIT with WEXITED: a process that died meanwhile must still be there for `wait`.
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

std::optional<process_end> process::wait(std::chrono::milliseconds bound) {
  if (end_ || pid_ == 0) return end_;
  const auto until = std::chrono::steady_clock::now() + bound;
  siginfo_t info{};
  while (true) {
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0 && info.si_pid == pid_) break;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd exits{pid_fd_, POLLIN, 0};
    poll(&exits, 1, static_cast<int>(left.count()));
  }
  end_ = end_of(info);
  pid_ = 0;
  close(std::exchange(pid_fd_, -1));
  return end_;
}

void process::kill() {
  if (pid_ == 0) return;
  signal(SIGKILL);
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0 && errno == EINTR) {
  }
  end_ = end_of(info);
  pid_ = 0;
  if (pid_fd_ >= 0) close(std::exchange(pid_fd_, -1));
}

std::int64_t cpu_us_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto name_end = text.rfind(')');  // the name may hold blanks
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  return (user + system) * (1'000'000 / sysconf(_SC_CLK_TCK));
}

}  // namespace quorate::chaos
