// This process among itself: a network and a mount table of its own, which end with it.
//
// Entered once, first thing in main: the kernel gives a user namespace to a process with one thread only, and threads
// that were there before would stay outside. Whatever is made inside (interfaces, routes, firewall rules, mounts) is
// seen by this process and its children alone, and is gone when the last of them is, also after SIGKILL. Files are the
// ones everybody sees, and sockets of the host's loopback are out of reach from then on.
#pragma once

#include <string>

namespace quorate::chaos {

struct private_namespaces {
  bool network = false;
  std::string why_no_network;  ///< empty when there is one
  bool mounts = false;
  std::string why_no_mounts;  ///< empty when they are
  /// Root in here is an ordinary user outside: tmpfs and firewall rules are permitted, loop devices are not.
  bool user = false;
};

/// Tries both, and tells what it got; what it did not get is as it was. Root's rights are used where there are some,
/// else a user namespace in which this user is root.
private_namespaces enter_private_namespaces();

}  // namespace quorate::chaos
