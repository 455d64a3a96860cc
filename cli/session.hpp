// What every verb is given: where to print, what was asked of all verbs, and the way to a node.
//
// One per run of the program, used on one thread. `connect` owns an embedded node for as long as the session lives.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "cli/incremental_files.hpp"
#include "net/client.hpp"
#include "proto/status.hpp"

namespace quorate::cli {

struct serve_options;

/// What the program returns to the shell.
enum exit_code : int {
  exit_done = 0,
  exit_failed = 1,
  exit_usage = 2,      ///< the command line, the configuration or the input breaks a rule
  exit_no_quorum = 3,  ///< too few copies: rejected, or not known to be stored
};

/// A node in this process, alone and without a listener.
class embedded_node {
 public:
  virtual ~embedded_node() = default;
  virtual std::shared_ptr<grpc::Channel> channel() = 0;
};

/// A directory to make of a backup, and for whom.
struct restore_target {
  std::string directory;
  std::string cluster_id;  ///< empty = as in the backup
  std::string name;        ///< empty = as in the backup
};
/// The same of a snapshot, and where its bytes come from (empty piece = end).
struct restore_order {
  restore_target target;
  std::function<result<std::string>()> input;
};
struct restored_directory {
  std::string cluster_id;
  std::string name;
  std::uint64_t rows = 0;
};

struct incremental_made {
  incremental_backup_files backup;
  std::uint32_t removed = 0;  ///< older ones that went
};

/// What only the whole program can do; unset in the tests of the verbs.
struct node_parts {
  std::function<int(const serve_options& options, std::ostream& out, std::ostream& err)> serve;
  std::function<result<std::unique_ptr<embedded_node>>(const std::string& directory)> open_embedded;
  std::function<result<restored_directory>(const restore_order& order)> restore;
  std::function<result<incremental_made>(const std::string& data, const std::string& to, std::uint32_t keep)>
      back_up_directory;
  std::function<status(const incremental_backup_files& backup)> verify_incremental;
  std::function<result<restored_directory>(const incremental_backup_files& backup, const restore_target& target)>
      restore_incremental;
};

/// Where a run reads and prints.
struct console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  int in_descriptor = 0;  ///< the same input, for verbs that read much of it
  std::size_t width = 0;  ///< columns of the terminal `out` is; 0 = it is none
  bool err_is_terminal = false;
};

class session {
 public:
  session(const console& where, const node_parts& parts) : console_(where), parts_(parts) {}

  std::ostream& out() { return console_.out; }
  const console& terminal() const { return console_; }
  const node_parts& parts() const { return parts_; }

  /// One line on stderr, "quorate: <text>". Returns `code`.
  int complain(std::string_view text, int code);
  /// The same for a status: usage for errors the caller can mend on the command line, else failed.
  int complain(const status& error);
  /// A call that was not done, on stderr, and with --json as an error object on stdout. `done` is what would have
  /// been done, e.g. "stored"; empty for reads.
  int complain(const net::call_result& result, std::string_view done = {});

  /// A client for --endpoints or --data.
  result<std::unique_ptr<net::client>> connect();
  /// One client per endpoint, for verbs that ask every node.
  result<std::vector<std::unique_ptr<net::client>>> connect_to_each();

  // What the command line said; set before a verb runs.
  bool json = false;
  std::string endpoints;
  std::string data;
  std::string timeout;
  std::string agent_id;  ///< empty: not given; see caller_of in cli/verb.hpp
  int exit = exit_done;

  /// What --timeout says.
  result<net::client_options> options() const;

 private:
  result<std::unique_ptr<net::client>> connect_embedded(const net::client_options& options);

  console console_;
  node_parts parts_;
  std::unique_ptr<embedded_node> embedded_;
};

/// The exit code of a call.
int exit_code_of(const net::call_result& result);
/// The exit code of a start-up error: usage when other flags or another directory would help.
int exit_code_of(const status& error);
/// Too few copies, or not known how many.
bool lacked_quorum(const net::call_result& result);

/// What became of a call that was not done, in a line for a person. `done` is what would have been done, e.g.
/// "stored"; empty for reads.
std::string explain(const net::call_result& result, std::string_view done);

/// "<time>@<node, 16 hex digits>"
std::string text_of(const v1::Version& version);
/// Lower case, two digits a byte.
std::string hex(std::string_view bytes);

}  // namespace quorate::cli
