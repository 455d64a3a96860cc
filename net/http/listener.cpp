#include "net/http/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "net/http/connection.hpp"

namespace quorate::net::http {
namespace {

constexpr std::string_view too_many =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\nContent-Type: application/json\r\n"
    "Content-Length: 32\r\n\r\n{\"error\":\"too many connections\"}";

constexpr std::size_t keep_alive_max = 1'000'000;

/// Set on the acceptor's thread while it runs a connection that no thread is left for.
thread_local bool turned_away = false;

/// One thread a connection, made when none is idle. At the bound the acceptor runs the connection itself, which then
/// says no.
class connection_threads final : public httplib::TaskQueue {
 public:
  explicit connection_threads(std::size_t threads_max) : threads_max_(threads_max) {}

  void enqueue(std::function<void()> connection) override {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() < idle_ || threads_.size() < threads_max_) {
        waiting_.push_back(std::move(connection));
        if (waiting_.size() > idle_) threads_.emplace_back([this] { serve(); });
        wake_.notify_one();
        return;
      }
    }
    turned_away = true;
    connection();
    turned_away = false;
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      --idle_;
      if (waiting_.empty()) return;
      auto connection = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      connection();
      lock.lock();
    }
  }

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;  ///< threads that wait
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

/// The connection that this thread serves. The library's handlers are not told which one they are called for.
thread_local connection* present = nullptr;

struct host_and_port {
  std::string host;
  int port = 0;
};

std::optional<host_and_port> parse(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  host_and_port parsed{address.substr(0, colon), 0};
  if (parsed.host.size() > 2 && parsed.host.front() == '[') parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  const auto* end = address.data() + address.size();
  const auto read = std::from_chars(address.data() + colon + 1, end, parsed.port);
  if (read.ec != std::errc() || read.ptr != end || parsed.port < 0 || parsed.port > 65'535) return std::nullopt;
  return parsed;
}

answer plain_refusal(int status, std::string_view text) {
  answer refused;
  refused.status = status;
  refused.body = "{\"error\":\"" + std::string(text) + "\"}";
  return refused;
}

bool allows_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

/// How long the body is going to be: sets `has_body`, or says what is wrong with the announcement.
std::optional<answer> read_announcement(const httplib::Request& from, const listener_options& options, bool* has_body) {
  const auto lengths = from.get_header_value_count("Content-Length");
  const auto encodings = from.get_header_value_count("Transfer-Encoding");
  if (lengths + encodings == 0) return std::nullopt;
  if (lengths + encodings > 1) {
    *has_body = true;
    return plain_refusal(400, "the length of the body is given twice");
  }
  if (encodings == 1) {
    *has_body = true;
    if (from.get_header_value("Transfer-Encoding") != "chunked")
      return plain_refusal(400, "the only transfer encoding known here is chunked");
  } else {
    const auto text = from.get_header_value("Content-Length");
    std::uint64_t length = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), length);
    *has_body = read.ec != std::errc() || length > 0;
    if (read.ec == std::errc::invalid_argument || read.ptr != text.data() + text.size())
      return plain_refusal(400, "Content-Length is no number");
    if (read.ec != std::errc() || length > options.body_bytes_max)
      return plain_refusal(413, "the body is larger than " + std::to_string(options.body_bytes_max) + " bytes");
  }
  if (*has_body && !allows_body(from.method)) return plain_refusal(400, "this method takes no body");
  if (*has_body && from.has_header("Content-Encoding")) return plain_refusal(415, "the body must not be compressed");
  return std::nullopt;
}

class server final : public httplib::Server, public listener {
 public:
  server(const listener_options& options, responder respond) : options_(options), respond_(std::move(respond)) {
    new_task_queue = [this] { return new connection_threads(options_.connections_max); };
    set_payload_max_length(options_.body_bytes_max);
    // Only said in a header; how long and how often a connection is used is decided here.
    set_keep_alive_timeout(options_.idle_ms / 1'000);
    set_keep_alive_max_count(keep_alive_max);
    set_tcp_nodelay(true);
    // A port that is taken must be an error, so it is not shared.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
      if (present->refusal) {
        write(std::move(*present->refusal), out);
        return HandlerResponse::Handled;
      }
      // The library would wait for a body that was not announced.
      if (present->has_body) return HandlerResponse::Unhandled;
      write(respond_.handle(std::move(present->head)), out);
      return HandlerResponse::Handled;
    });
    const auto with_body = [this](const httplib::Request& in, httplib::Response& out) {
      present->head.body = in.body;
      write(respond_.handle(std::move(present->head)), out);
    };
    Post(".*", with_body).Put(".*", with_body).Patch(".*", with_body).Delete(".*", with_body);
    set_error_handler([this](const httplib::Request&, httplib::Response& out) {
      if (!out.body.empty() || out.status == 404) return;
      present->must_close = true;  // something was wrong with how it came; what follows cannot be trusted
      out.set_header("Connection", "close");
      if (present->body_too_large()) out.status = 413;
      out.set_content(out.status == 413 ? "{\"error\":\"the body is too large\"}"
                                        : "{\"error\":\"this is no proper HTTP request\"}",
                      "application/json");
    });
    set_exception_handler([](const httplib::Request&, httplib::Response& out, std::exception_ptr) {
      out.status = 500;
      out.set_content("{\"error\":\"internal server error\"}", "application/json");
    });
  }

  ~server() override {
    close();
    stop(0);
    if (acceptor_.joinable()) acceptor_.join();
  }

  status start() {
    const auto wanted = parse(options_.address);
    const auto refused = [this] {
      return status::invalid("--http", "cannot listen on '" + options_.address
                                           + "': the port is taken or the address is not of this machine");
    };
    if (!wanted) return refused();
    int port = wanted->port;
    if (port == 0)
      port = bind_to_any_port(wanted->host);
    else if (!bind_to_port(wanted->host, port))
      port = -1;
    if (port <= 0) return refused();
    address_ = options_.address.substr(0, options_.address.rfind(':') + 1) + std::to_string(port);
    // The library's own backlog is five.
    ::listen(svr_sock_, SOMAXCONN);
    acceptor_ = std::thread([this] {
      listen_after_bind();
      ended_ = true;
    });
    return {};
  }

  const std::string& address() const override { return address_; }

  void close() override {
    closed_ = true;
    closing_.raise();
    // Until it accepts, the library ignores a stop.
    while (acceptor_.joinable() && !is_running() && !ended_) std::this_thread::yield();
    httplib::Server::stop();
  }

  void stop(std::int64_t grace_ms) override {
    std::unique_lock lock(mutex_);
    none_left_.wait_for(lock, std::chrono::milliseconds(grace_ms), [this] { return requests_ == 0; });
    cut_.raise();
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    connection peer(socket, options_, closing_, cut_);
    if (turned_away) {
      peer.say_at_once(too_many);
      return false;
    }
    present = &peer;
    while (!closed_ && peer.await_request() && serve_one(peer)) continue;
    present = nullptr;
    return true;
  }

  /// Whether another request may follow.
  bool serve_one(connection& peer) {
    const busy working(*this);
    bool last = false;
    const bool written = process_request(peer, closed_, last, [&](httplib::Request& from) { look(from, peer); });
    return written && !last && !peer.must_close;
  }

  /// The headers have been read and nothing else.
  void look(httplib::Request& from, connection& peer) {
    peer.begin_body();
    // Answers are whole and uncompressed: it is the node's processor that would pay.
    from.ranges.clear();
    from.headers.erase("Range");
    from.headers.erase("Accept-Encoding");
    auto& head = peer.head;
    head.method = from.method;
    const auto question = from.target.find('?');
    head.path = from.target.substr(0, question);
    if (question != std::string::npos) head.query = from.target.substr(question + 1);
    head.headers.assign(from.headers.begin(), from.headers.end());
    peer.refusal = read_announcement(from, options_, &peer.has_body);
    if (!peer.refusal) peer.refusal = respond_.refuse(head);
    peer.must_close = closed_ || (peer.refusal && peer.has_body);
    if (peer.refusal) from.headers.erase("Expect");
    if (!peer.must_close) return;
    from.headers.erase("Connection");
    from.set_header("Connection", "close");
  }

  static void write(answer&& from, httplib::Response& out) {
    out.status = from.status;
    for (auto& [name, value] : from.headers) out.set_header(name, value);
    if (!from.pieces) return out.set_content(std::move(from.body), from.type);
    out.set_chunked_content_provider(from.type, [pieces = std::move(from.pieces)](std::size_t, httplib::DataSink& to) {
      const auto sent = [&](std::string_view piece) { return to.write(piece.data(), piece.size()); };
      if (!pieces(sent)) return false;
      to.done();
      return true;
    });
  }

  struct busy {
    explicit busy(server& at) : server_(at) {
      const std::lock_guard lock(server_.mutex_);
      ++server_.requests_;
    }
    ~busy() {
      const std::lock_guard lock(server_.mutex_);
      if (--server_.requests_ == 0) server_.none_left_.notify_all();
    }
    busy(const busy&) = delete;
    busy& operator=(const busy&) = delete;
    server& server_;
  };

  const listener_options options_;
  const responder respond_;
  std::string address_;
  raised_flag closing_;
  raised_flag cut_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t requests_ = 0;  ///< being read or answered
  std::thread acceptor_;
};

}  // namespace

result<std::unique_ptr<listener>> listen(const listener_options& options, responder respond) {
  auto started = std::make_unique<server>(options, std::move(respond));
  if (auto listening = started->start(); !listening) return listening;
  return std::unique_ptr<listener>(std::move(started));
}

}  // namespace quorate::net::http
