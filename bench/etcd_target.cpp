#include <filesystem>
#include <fstream>

#include "bench/closed_loop.hpp"
#include "bench/target.hpp"
#include "chaos/ports.hpp"
#include "chaos/process.hpp"
#include "chaos/scratch_directory.hpp"
#include "chaos/wait.hpp"
#include "etcd.grpc.pb.h"

namespace quorate::bench {
namespace {

using chaos::milliseconds;

constexpr std::size_t members_count = 3;
constexpr milliseconds start_bound(20'000);
constexpr milliseconds probe_deadline(300);

struct etcd_api {
  using Stub = etcdserverpb::KV::Stub;
  using Request = etcdserverpb::PutRequest;
  using Reply = etcdserverpb::PutResponse;

  static std::unique_ptr<Stub> make_stub(const std::shared_ptr<grpc::Channel>& channel) {
    return etcdserverpb::KV::NewStub(channel);
  }
  static void fill(Request& request, const std::string& key, const std::string& value) {
    request.set_key(key);
    request.set_value(value);
  }
  template <class Done>
  static void put(Stub& stub, grpc::ClientContext* context, const Request* request, Reply* reply, Done done) {
    stub.async()->Put(context, request, reply, std::move(done));
  }
  static grpc::Status put_blocking(Stub& stub, grpc::ClientContext* context, const Request& request, Reply* reply) {
    return stub.Put(context, request, reply);
  }
};

class etcd_writer final : public member_writer {
 public:
  explicit etcd_writer(const std::vector<std::string>& addresses) : writer_(addresses) {}
  bool put(std::size_t member, const std::string& key, const std::string& value, milliseconds deadline) override {
    return writer_.put(member, key, value, deadline);
  }

 private:
  blocking_writer<etcd_api> writer_;
};

/// Default settings but for quiet logs: its disk is synced as ours is.
class etcd_target final : public target {
 public:
  etcd_target(std::string program, std::string parent) : program_(std::move(program)), parent_(std::move(parent)) {}

  const std::string& name() const override { return name_; }

  status start() override {
    auto scratch = chaos::scratch_directory::make(parent_);
    if (!scratch) return scratch.error();
    scratch_ = std::move(*scratch);
    const auto ports = chaos::free_ports(2 * members_count);
    if (!ports) return ports.error();
    addresses_.clear();
    std::string cluster;
    for (std::size_t i = 0; i < members_count; ++i) {
      addresses_.push_back("127.0.0.1:" + std::to_string((*ports)[i]));
      cluster += (i ? "," : "") + member_name(i) + "=" + peer_url(*ports, i);
    }
    for (std::size_t i = 0; i < members_count; ++i) {
      const auto url = "http://" + addresses_[i];
      auto started = chaos::process::start({{program_,
                                             "--name",
                                             member_name(i),
                                             "--data-dir",
                                             scratch_.path() + "/" + member_name(i),
                                             "--listen-client-urls",
                                             url,
                                             "--advertise-client-urls",
                                             url,
                                             "--listen-peer-urls",
                                             peer_url(*ports, i),
                                             "--initial-advertise-peer-urls",
                                             peer_url(*ports, i),
                                             "--initial-cluster",
                                             cluster,
                                             "--initial-cluster-token",
                                             "bench",
                                             "--initial-cluster-state",
                                             "new",
                                             "--logger",
                                             "zap",
                                             "--log-level",
                                             "error"},
                                            {},
                                            log_file(i)});
      if (!started) return started.error();
      members_[i] = std::move(*started);
    }
    return wait_writable();
  }

  void stop() override {
    for (auto& member : members_) member.kill();
    scratch_ = {};
  }

  std::vector<pid_t> pids() const override {
    std::vector<pid_t> all;
    for (const auto& member : members_) all.push_back(member.pid());
    return all;
  }

  result<std::size_t> best_entry() override {
    for (std::size_t i = 0; i < members_count; ++i) {
      const auto answer = ask(i);
      if (answer && answer->leader() == answer->header().member_id()) return i;
    }
    return status(errc::unavailable, "no etcd member says it leads");
  }

  void kill(std::size_t member) override { members_[member].kill(); }
  std::string member_name(std::size_t member) const override { return "etcd" + std::to_string(member + 1); }

  load_result run(const load_options& options) override { return closed_loop<etcd_api>(addresses_, options).run(); }

  std::unique_ptr<member_writer> make_writer() override { return std::make_unique<etcd_writer>(addresses_); }

 private:
  static std::string peer_url(const std::vector<std::uint16_t>& ports, std::size_t member) {
    return "http://127.0.0.1:" + std::to_string(ports[members_count + member]);
  }

  std::string log_file(std::size_t member) const { return scratch_.path() + "/" + member_name(member) + ".log"; }

  result<etcdserverpb::StatusResponse> ask(std::size_t member) {
    const auto stub = etcdserverpb::Maintenance::NewStub(make_load_channel(addresses_[member]));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + probe_deadline);
    etcdserverpb::StatusResponse reply;
    const auto answer = stub->Status(&context, {}, &reply);
    if (!answer.ok()) return status(errc::unavailable, answer.error_message());
    return reply;
  }

  /// Every member has a leader and takes a write.
  status wait_writable() {
    for (std::size_t i = 0; i < members_count; ++i) {
      bool running = true;
      const bool writable = chaos::wait_until(start_bound, [&] {
        running = members_[i].running();
        return !running || blocking_writer<etcd_api>(addresses_).put(i, "ready", "yes", probe_deadline);
      });
      if (!running || !writable) return status(errc::unavailable, "etcd does not start: " + log_of(i));
    }
    return {};
  }

  std::string log_of(std::size_t member) const {
    std::ifstream file(log_file(member));
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return text.size() > 600 ? text.substr(text.size() - 600) : text;
  }

  const std::string name_ = "etcd";
  std::string program_;
  std::string parent_;
  chaos::scratch_directory scratch_;
  chaos::process members_[members_count];
  std::vector<std::string> addresses_;
};

}  // namespace

std::unique_ptr<target> make_etcd_target(const std::string& program, const std::string& parent) {
  return std::make_unique<etcd_target>(program, parent);
}

}  // namespace quorate::bench
