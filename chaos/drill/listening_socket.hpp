// A port that this process takes in a network namespace it does not live in, and whoever connects to it.
//
// A thread of its own, which alone enters the namespace: threads that it would start there would stay there. The
// destructor frees the port and ends the thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "proto/status.hpp"

namespace quorate::chaos {

class listening_socket {
 public:
  /// `address`: "127.0.0.1:7411"; `network_namespace`: a descriptor, -1 for ours. `on_connection` gets a descriptor
  /// that does not block and is its own from then on; called by the thread. Errors: the port cannot be had.
  static result<std::unique_ptr<listening_socket>> open(const std::string& address, int network_namespace,
                                                        std::function<void(int)> on_connection);
  ~listening_socket();
  listening_socket(const listening_socket&) = delete;

 private:
  explicit listening_socket(int socket) : socket_(socket) {}

  int socket_;
  std::thread thread_;
};

}  // namespace quorate::chaos
