#include "chaos/private_postgres.hpp"

#include <poll.h>
#include <pwd.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <utility>

#include "chaos/command.hpp"
#include "chaos/ports.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds make_bound(120'000);
constexpr milliseconds ready_bound(60'000);
constexpr milliseconds stop_bound(60'000);
constexpr milliseconds end_bound(10'000);
constexpr milliseconds ask_bound(60'000);
constexpr milliseconds ready_pause(20);
constexpr int ports_tried_max = 5;
constexpr std::size_t said_bytes_max = 2'000;
constexpr auto user_name = "ai_memory";
constexpr auto database_name = "ai_memory_test";
constexpr auto package = "postgresql-15";
constexpr auto server_user_name = "postgres";

/// Whether a directory holds what makes a cluster and what serves it.
bool holds_server(const fs::path& directory) {
  return access((directory / "initdb").c_str(), X_OK) == 0 && access((directory / "postgres").c_str(), X_OK) == 0;
}

/// The newest of Debian's, else the first in PATH; empty when there is none.
std::string find_programs() {
  std::string found;
  int newest = -1;
  std::error_code error;
  for (const auto& release : fs::directory_iterator("/usr/lib/postgresql", error)) {
    const auto name = release.path().filename().string();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (number > newest && holds_server(release.path() / "bin")) {
      newest = number;
      found = (release.path() / "bin").string();
    }
  }
  if (!found.empty()) return found;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && holds_server(folder)) return folder;
  return "";
}

/// Whether a user of the host exists in our user namespace.
bool is_mapped(uid_t user) {
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (map >> inside >> outside >> count)
    if (user >= inside && user - inside < count) return true;
  return false;
}

struct server_user {
  std::vector<std::string> words;                ///< before the command that is to run as this user
  std::optional<std::pair<uid_t, gid_t>> owner;  ///< to whom its files must be given
};

/// Only root has to become somebody else. A change of user takes away that the kernel ends the child with us, so it is
/// asked for again.
server_user find_user() {
  if (geteuid() != 0) return {};
  const passwd* known = getpwnam(server_user_name);
  if (known != nullptr && known->pw_uid != 0 && is_mapped(known->pw_uid))
    return {{"setpriv", "--reuid", std::to_string(known->pw_uid), "--regid", std::to_string(known->pw_gid),
             "--clear-groups", "--pdeathsig", "KILL", "--"},
            std::pair{known->pw_uid, known->pw_gid}};
  return {{"unshare", "--user", "--map-user=1000", "--map-group=1000", "setpriv", "--pdeathsig", "KILL", "--"}, {}};
}

std::string random_word() {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> any(0, digits.size() - 1);
  std::string word;
  while (word.size() < 32) word += digits[any(random)];
  return word;
}

/// The processes that a stopped process has started, as descriptors: numbers could mean others in a moment.
std::vector<int> children_of(pid_t parent) {
  const auto number = std::to_string(parent);
  std::ifstream file("/proc/" + number + "/task/" + number + "/children");
  std::vector<int> children;
  for (pid_t child = 0; file >> child;)
    if (const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, child, 0)); descriptor >= 0)
      children.push_back(descriptor);
  return children;
}

/// What is left in the kernel of a server that was killed: it would find and remove it itself when it starts again.
void remove_shared_memory(const std::string& lock_file) {
  std::ifstream file(lock_file);
  std::string line;
  for (int number = 1; number <= 7; ++number) std::getline(file, line);
  std::istringstream words(line);
  unsigned long key = 0;
  int id = -1;
  if (words >> key >> id && key != 0) shmctl(id, IPC_RMID, nullptr);
}

}  // namespace

bool private_postgres::installed() { return !find_programs().empty(); }

std::string private_postgres::needed() { return std::string("needs PostgreSQL; install ") + package; }

result<std::unique_ptr<private_postgres>> private_postgres::start() {
  std::unique_ptr<private_postgres> made(new private_postgres);
  made->programs_ = find_programs();
  if (made->programs_.empty()) return status(errc::unavailable, needed());
  made->password_ = random_word();
  auto scratch = scratch_directory::make();
  if (!scratch) return scratch.error();
  made->scratch_ = std::move(*scratch);
  auto user = find_user();
  made->as_user_ = std::move(user.words);
  if (user.owner && chown(made->scratch_.path().c_str(), user.owner->first, user.owner->second) != 0)
    return status(errc::internal, std::string("chown: ") + std::strerror(errno));
  if (auto cluster = made->make_cluster(); !cluster) return cluster;
  status up;
  for (int tried = 0; tried < ports_tried_max; ++tried) {
    const auto port = free_ports(1);
    if (!port) return port.error();
    made->port_ = port->front();
    up = made->run_server();
    // Somebody else was faster.
    if (up || up.message().find("could not bind") == std::string::npos) break;
  }
  if (!up) return up;
  if (auto database = made->make_database(); !database) return database;
  return made;
}

private_postgres::~private_postgres() {
  if (server_.pid() == 0) return;
  // What it holds goes with it, so it need not be orderly.
  server_.signal(SIGQUIT);
  if (!server_.wait(end_bound)) kill();
}

std::string private_postgres::url_with(const std::string& password) const {
  return std::string("postgres://") + user_name + ":" + password + "@127.0.0.1:" + std::to_string(port_) + "/"
         + database_name;
}

std::string private_postgres::program(const std::string& name) const {
  auto path = programs_ + "/" + name;
  return access(path.c_str(), X_OK) == 0 ? path : name;
}

status private_postgres::run_as_server(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), as_user_.begin(), as_user_.end());
  const auto output = output_of({std::move(arguments), "util-linux", ""}, make_bound);
  return output ? status() : output.error();
}

status private_postgres::make_cluster() {
  const auto secret = scratch_.path() + "/password";
  {
    std::ofstream file(secret);
    file << password_ << "\n";
    struct stat owner {};
    // Ours until it is given away: the directory lets nobody else in.
    if (stat(scratch_.path().c_str(), &owner) != 0 || chmod(secret.c_str(), 0600) != 0
        || chown(secret.c_str(), owner.st_uid, owner.st_gid) != 0)
      return status(errc::internal, "cannot write " + secret + ": " + std::strerror(errno));
  }
  const std::vector<std::string> plain{
      program("initdb"), "--pgdata",      data(),       "--username", user_name,  "--pwfile", secret,
      "--auth",          "scram-sha-256", "--encoding", "UTF8",       "--locale", "C.UTF-8",  "--no-sync"};
  auto by_language = plain;
  by_language.insert(by_language.end(), {"--locale-provider", "icu", "--icu-locale", "en-US"});
  // Releases before 15, and builds without ICU, sort by bytes.
  auto made = run_as_server(by_language);
  if (!made) {
    std::error_code error;
    fs::remove_all(data(), error);
    made = run_as_server(plain);
  }
  return made;
}

status private_postgres::run_server() {
  std::error_code error;
  fs::resize_file(log(), 0, error);  // what it says is about this start
  std::vector<std::string> arguments{"/usr/bin/env"};
  arguments.insert(arguments.end(), as_user_.begin(), as_user_.end());
  arguments.push_back(program("postgres"));
  arguments.insert(arguments.end(), {"-D", data()});
  for (const auto& setting : {std::string("listen_addresses=127.0.0.1"), "port=" + std::to_string(port_),
                              std::string("unix_socket_directories="),
                              // Nothing of it is outside of its directory, so nothing is left when it is killed.
                              std::string("dynamic_shared_memory_type=mmap")})
    arguments.insert(arguments.end(), {"-c", setting});
  auto started = process::start({std::move(arguments), {}, log()});
  if (!started) return started.error();
  server_ = std::move(*started);
  const command look{{program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)}, package, ""};
  bool ready = false;
  wait_until(
      ready_bound,
      [&] {
        const auto looked = run_to_end(look, ready_bound);
        ready = looked && looked->exit_code == 0;
        return ready || !server_.running();
      },
      ready_pause);
  if (ready && server_.running()) return {};
  server_.kill();
  return status(errc::unavailable, "PostgreSQL does not come up: " + last_said());
}

status private_postgres::make_database() const {
  const auto output = output_of({{program("createdb"), "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", user_name,
                                  "--no-password", database_name},
                                 package,
                                 "",
                                 {"PGPASSWORD=" + password_}},
                                make_bound);
  return output ? status() : output.error();
}

std::string private_postgres::last_said() const {
  std::ifstream file(log());
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.size() > said_bytes_max) text.erase(0, text.size() - said_bytes_max);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

result<std::string> private_postgres::ask(const std::string& statement, const std::string& database) const {
  auto output = output_of({{program("psql"), "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", user_name, "-d",
                            database.empty() ? database_name : database, "--no-password", "--no-psqlrc", "-At", "-v",
                            "ON_ERROR_STOP=1", "-c", statement},
                           package,
                           "",
                           {"PGPASSWORD=" + password_}},
                          ask_bound);
  if (!output) return output.error();
  while (output->ends_with('\n')) output->pop_back();
  return output;
}

status private_postgres::stop() {
  if (server_.pid() == 0) return {};
  server_.signal(SIGINT);
  const auto end = server_.wait(stop_bound);
  if (end && end->exit_code == 0) return {};
  const auto said = last_said();
  if (!end) kill();
  return status(errc::internal, "PostgreSQL did not stop in order: " + said);
}

void private_postgres::kill() {
  if (server_.pid() == 0) return;
  // Stopped first, so that it starts no child that is not seen here.
  server_.stop_running();
  const auto children = children_of(server_.pid());
  server_.kill();
  for (const int child : children) {
    syscall(SYS_pidfd_send_signal, child, SIGKILL, nullptr, 0);
    pollfd end{child, POLLIN, 0};
    poll(&end, 1, static_cast<int>(end_bound.count()));
    close(child);
  }
  remove_shared_memory(data() + "/postmaster.pid");
}

status private_postgres::restart() { return run_server(); }

}  // namespace quorate::chaos
