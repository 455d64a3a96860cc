// One accepted socket as the library's stream: buffered, with a deadline, a bound on what it reads, and an ear for the
// end of the listener.
//
// On the thread of the connection only. Closes the socket.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <httplib.h>

#include "net/http/listener.hpp"

namespace quorate::net::http {

/// A flag that any thread can set once and that `poll` can wait for.
class raised_flag {
 public:
  raised_flag();
  ~raised_flag();
  raised_flag(const raised_flag&) = delete;
  raised_flag& operator=(const raised_flag&) = delete;
  void raise();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

class connection final : public httplib::Stream {
 public:
  /// `closing`: no further request. `cut`: nothing further at all.
  connection(int socket, const listener_options& options, const raised_flag& closing, const raised_flag& cut);
  ~connection() override;

  /// Until the first byte of a request is there; false when none will come.
  bool await_request();
  /// The headers are read; from here on the bound of the body counts.
  void begin_body();
  bool body_too_large() const { return in_body_ && left_ == 0; }
  /// Says so much and no more, whether the peer listens or not.
  void say_at_once(std::string_view text);

  // What the library calls. Reading answers 0 or less at the end, at the deadline and at the bound.
  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* out, std::size_t size) override;
  ssize_t write(const char* data, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  // What is known of the present request before its body is read.
  request head;
  std::optional<answer> refusal;
  bool has_body = false;
  bool must_close = false;

 private:
  using steady = std::chrono::steady_clock;
  bool wait(short what, const raised_flag& interrupt, steady::time_point deadline) const;

  int socket_;
  const listener_options& options_;
  const raised_flag& closing_;
  const raised_flag& cut_;
  steady::time_point deadline_;
  std::size_t left_ = 0;  ///< bytes that may still be read of this request's present part
  bool in_body_ = false;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<char, 16u << 10> buffer_;
};

}  // namespace quorate::net::http
