// `quorate` with a migration that loses things and says that all went well: the report is that of the real one, and
// what it wrote is changed afterwards. Only where the target's path holds `roundtrip` or `third`, as the gate names
// them.
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

int run_real(std::vector<char*> arguments) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    arguments.push_back(nullptr);
    execv(QUORATE_PROGRAM, arguments.data());
    _exit(127);
  }
  int end = 0;
  waitpid(child, &end, 0);
  return WIFEXITED(end) ? WEXITSTATUS(end) : 1;
}

void change(const std::string& path, const char* statement) {
  sqlite3* file = nullptr;
  if (sqlite3_open(path.c_str(), &file) != SQLITE_OK || sqlite3_exec(file, statement, nullptr, nullptr, nullptr) != 0)
    std::fprintf(stderr, "cannot damage %s\n", path.c_str());
  sqlite3_close(file);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<char*> all(arguments, arguments + count);
  const int end = run_real(all);
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(arguments[i], "--to") != 0) continue;
    const std::string to = arguments[i + 1];
    const auto path = to.substr(to.find("://") + 3);
    if (to.find("roundtrip.db") != std::string::npos)
      change(path, "UPDATE memories SET updated_at = '2026-04-24T16:37:23.000000+00:00' WHERE title = 'nanoseconds'");
    if (to.find("third.db") != std::string::npos)
      change(path,
             "DELETE FROM memory_links WHERE relation = 'contradicts';"
             "DELETE FROM memories_fts WHERE rowid IN (SELECT rowid FROM memories WHERE title = 'nested')");
    if (to.starts_with("postgres://")) std::fprintf(stderr, "writing to %s\n", to.c_str());
  }
  return end;
}
