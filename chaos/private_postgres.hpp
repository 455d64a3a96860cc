// A PostgreSQL server of our own: a fresh cluster in a scratch directory, on a free port of the loopback interface,
// with one user, one database and a password that nobody else knows.
//
// Owned by one thread, the main one (see process.hpp). The server is the real one with its own settings: fsync is on,
// passwords are asked for (scram). Text is sorted by the rules of a language, not by bytes, where the server can do so:
// whoever takes one order for the other is found out. PostgreSQL does not run as root: for root it runs as the user
// `postgres`, and where that user is unknown, in a user namespace as somebody else. The destructor ends the server and
// removes the directory; when this process is killed, the server ends too, and the directory stays.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chaos/process.hpp"
#include "chaos/scratch_directory.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

class private_postgres {
 public:
  /// Whether there is a PostgreSQL server on this machine.
  static bool installed();
  /// What to say, in one line, when there is none.
  static std::string needed();

  /// Returns when it takes connections. Errors: not installed (one line that says what to install), or why it does not
  /// come up, with what it said last.
  static result<std::unique_ptr<private_postgres>> start();

  ~private_postgres();
  private_postgres(const private_postgres&) = delete;
  private_postgres& operator=(const private_postgres&) = delete;

  /// postgres://ai_memory:…@127.0.0.1:PORT/ai_memory_test
  std::string url() const { return url_with(password_); }
  /// The same with a password that is refused.
  std::string wrong_password_url() const { return url_with("not-" + password_); }
  /// Of letters and digits; it should appear in no output.
  const std::string& password() const { return password_; }

  /// What a statement answers, columns separated by "|"; an error carries what the server said. Another database than
  /// ours can be asked, too.
  result<std::string> ask(const std::string& statement, const std::string& database = "") const;

  bool running() { return server_.running(); }
  /// Orderly; connections are cut, everything is on disk. An error when it had to be killed.
  status stop();
  /// SIGKILL of the server and all its children at once; returns when they are gone.
  void kill();
  /// After `stop` or `kill`, on the same port; returns when it takes connections.
  status restart();

 private:
  private_postgres() = default;

  std::string url_with(const std::string& password) const;
  std::string program(const std::string& name) const;
  std::string data() const { return scratch_.path() + "/data"; }
  std::string log() const { return scratch_.path() + "/log"; }
  status make_cluster();
  status make_database() const;
  status run_server();
  /// A program of the installation, as the server's user.
  status run_as_server(std::vector<std::string> arguments) const;
  std::string last_said() const;

  std::string programs_;              ///< directory
  std::vector<std::string> as_user_;  ///< words before a command that is to run as the server's user
  std::string password_;
  std::uint16_t port_ = 0;
  scratch_directory scratch_;
  process server_;
};

}  // namespace quorate::chaos
