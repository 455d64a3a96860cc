#include "tests/e2e/mcp_program.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "chaos/wait.hpp"

extern char** environ;

namespace quorate::e2e {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

mcp_program::mcp_program(std::vector<std::string> words) {
  words.insert(words.begin(), QUORATE_PROGRAM);
  words.emplace_back("mcp");
  // A socket for its input: to write to one whose other end has gone is an error, not a signal.
  std::array<int, 2> in{}, out{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.data()) == 0);
  REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
  std::vector<char*> arguments;
  for (auto& flag : words) arguments.push_back(flag.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  const int failed = posix_spawn(&pid_, QUORATE_PROGRAM, &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[1]);
  ::close(out[1]);
  in_ = in[0];
  out_ = out[0];
  REQUIRE(failed == 0);
}

mcp_program::~mcp_program() {
  close_input();
  close_output();
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool mcp_program::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto count = ::send(in_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<std::string> mcp_program::line(milliseconds bound) {
  const auto end = steady_clock::now() + bound;
  while (true) {
    if (const auto feed = buffer_.find('\n'); feed != std::string::npos) {
      auto first = buffer_.substr(0, feed);
      buffer_.erase(0, feed + 1);
      return first;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
    pollfd ready{out_, POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) return std::nullopt;
    std::array<char, 65'536> part{};
    const auto count = ::read(out_, part.data(), part.size());
    if (count <= 0) return std::nullopt;
    buffer_.append(part.data(), static_cast<std::size_t>(count));
  }
}

nlohmann::ordered_json mcp_program::ask(const std::string& method, const nlohmann::ordered_json& params) {
  const nlohmann::ordered_json request{{"jsonrpc", "2.0"}, {"id", ++id_}, {"method", method}, {"params", params}};
  if (!send(request.dump() + "\n")) return {};
  const auto answer = line();
  if (!answer) return {};
  auto parsed = nlohmann::ordered_json::parse(*answer, nullptr, false);
  CHECK(parsed["id"] == id_);
  return parsed;
}

nlohmann::ordered_json mcp_program::call(const std::string& tool, const nlohmann::ordered_json& given) {
  const auto answer = ask("tools/call", {{"name", tool}, {"arguments", given}});
  REQUIRE_MESSAGE(answer.contains("result"), (tool + ": " + answer.dump()));
  const auto text = answer["result"]["content"][0]["text"].get<std::string>();
  REQUIRE_MESSAGE(!answer["result"].contains("isError"), (tool + ": " + text));
  return nlohmann::ordered_json::parse(text);
}

void mcp_program::close_input() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
}

void mcp_program::close_output() {
  if (out_ >= 0) ::close(std::exchange(out_, -1));
}

std::optional<int> mcp_program::wait(milliseconds bound) {
  int state = 0;
  if (!chaos::wait_until(bound, [&] { return ::waitpid(pid_, &state, WNOHANG) == pid_; })) return std::nullopt;
  pid_ = 0;
  return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

}  // namespace quorate::e2e
