// Real `quorate serve` processes on loopback, each with its own port and data directory.
//
// Used by one thread, the main one (see process.hpp). The destructor kills every node and removes the directories
// unless told to keep them. Every wait has a bound; an error of `start` carries the tail of the node's log.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/node_client.hpp"
#include "chaos/process.hpp"
#include "chaos/scratch_directory.hpp"
#include "proto/status.hpp"

namespace quorate::chaos {

class network;

struct cluster_options {
  std::string program;                       ///< path of `quorate`
  unsigned size = 3;                         ///< nodes a, b, c, ...
  std::map<std::string, std::string> flags;  ///< of every node, e.g. {"--quorum-timeout", "500ms"}; "" = no value
  std::vector<std::uint16_t> ports;          ///< empty: free ones are found
  network* net = nullptr;                    ///< outlives the cluster; null: loopback, and `ports` count
  std::string directory;                     ///< data lies in directory/a, ...; empty: a temporary one
  std::string scratch_parent;                ///< where that is made; empty: the system's place
  bool keep = false;                         ///< leave a temporary directory
  bool key = true;                           ///< the nodes prove to each other that they belong together
};

class local_cluster {
 public:
  /// Finds ports and makes directories; nothing runs yet.
  static result<std::unique_ptr<local_cluster>> prepare(cluster_options options);
  ~local_cluster();

  const std::vector<std::string>& names() const { return names_; }
  const std::string& directory() const { return directory_; }
  std::string data_directory(const std::string& name) const;
  std::string address(const std::string& name) const;
  std::vector<std::string> addresses() const;
  std::vector<std::string> log_tail(const std::string& name, std::size_t lines = 20) const;
  std::vector<pid_t> pids() const;

  /// Over the common flags, from the node's next start on.
  void set_flag(const std::string& name, const std::string& flag, const std::string& value);
  void set_environment(const std::string& name, std::vector<std::string> environment);
  /// The program it runs instead of the common one, from its next start on.
  void set_program(const std::string& name, std::string program);
  /// Where its data lies instead of the usual place; before its start.
  void set_data_directory(const std::string& name, std::string directory);
  /// The whole command line of a node, for a start by hand.
  std::vector<std::string> command_line(const std::string& name) const;

  /// Starts all and waits until all serve. Takes other ports when somebody else got one first.
  status start_all(std::chrono::milliseconds bound = std::chrono::seconds(20));
  /// Starts one without waiting for it.
  status spawn(const std::string& name);
  /// Starts one and waits until it serves.
  status start(const std::string& name, std::chrono::milliseconds bound = std::chrono::seconds(20));
  status wait_serving(const std::string& name, std::chrono::milliseconds bound);
  /// kill -9, and gone.
  void kill(const std::string& name);
  /// SIGTERM; how it ended. An error when it still ran after `bound`.
  result<process_end> terminate(const std::string& name, std::chrono::milliseconds bound);
  /// SIGSTOP, in effect on return; and SIGCONT.
  void pause(const std::string& name);
  void resume(const std::string& name);
  bool running(const std::string& name);
  pid_t pid(const std::string& name) const;

  /// A client of a node; valid while the cluster is, also over restarts of the node.
  node_client& client(const std::string& name);

  /// Waits until all named nodes show one digest twice in a row; how long it took in milliseconds.
  result<double> wait_digests_equal(const std::vector<std::string>& names, std::chrono::milliseconds bound);
  /// Waits until `name` reports all its peers as up, or as down where `up` is false.
  bool wait_peer(const std::string& name, const std::string& peer, bool up, std::chrono::milliseconds bound);
  /// Waits until every running node sees every other running node.
  status wait_connected(std::chrono::milliseconds bound);
  result<node_contents> export_all(const std::string& name);

 private:
  struct member {
    std::string address;
    std::map<std::string, std::string> flags;
    std::vector<std::string> environment;
    std::string program;  ///< empty: the common one
    std::string data_directory;
    process running;
    std::unique_ptr<node_client> client;
  };

  explicit local_cluster(cluster_options options) : options_(std::move(options)) {}
  status take_addresses();
  status make_key() const;
  std::string key_file() const { return directory_ + "/cluster.key"; }
  std::string log_file(const std::string& name) const;
  status failure(const std::string& name, const std::string& what) const;
  member& at(const std::string& name) { return members_.at(name); }
  const member& at(const std::string& name) const { return members_.at(name); }

  cluster_options options_;
  std::vector<std::string> names_;
  std::map<std::string, member> members_;
  scratch_directory scratch_;
  std::string directory_;
};

}  // namespace quorate::chaos
