// An HTTP server made of a script: keeps what it is sent and answers as the test says.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace quorate::cli::tests {

class fake_http {
 public:
  struct request {
    std::string path;
    std::string body;
    httplib::Headers headers;
  };
  struct answer {
    int code = 200;
    std::string body;
  };

  /// On a free port of 127.0.0.1.
  explicit fake_http(std::function<answer(const request&)> script) : script_(std::move(script)) {
    server_.Post(".*", [this](const httplib::Request& in, httplib::Response& out) {
      const request seen{in.path, in.body, in.headers};
      const auto given = script_(seen);
      out.status = given.code;
      out.set_content(given.body, "application/json");
      const std::lock_guard lock(mutex_);
      seen_.push_back(seen);
      arrived_.notify_all();
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~fake_http() {
    server_.stop();
    thread_.join();
  }
  fake_http(const fake_http&) = delete;
  fake_http& operator=(const fake_http&) = delete;

  std::string url(const std::string& path = {}) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

  std::vector<request> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  /// Waits until that many requests have come; false after 10 seconds.
  bool wait_for(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return seen_.size() >= count; });
  }

 private:
  std::function<answer(const request&)> script_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<request> seen_;
};

}  // namespace quorate::cli::tests
