#include "bench/closed_loop.hpp"
#include "bench/target.hpp"
#include "chaos/local_cluster.hpp"
#include "quorate/v1/memory.grpc.pb.h"

namespace quorate::bench {
namespace {

struct memory_api {
  using Stub = v1::Memory::Stub;
  using Request = v1::StoreRequest;
  using Reply = v1::StoreReply;

  static std::unique_ptr<Stub> make_stub(const std::shared_ptr<grpc::Channel>& channel) {
    return v1::Memory::NewStub(channel);
  }
  static void fill(Request& request, const std::string& key, const std::string& value) {
    auto& record = *request.mutable_memory();
    record.set_namespace_("bench");
    record.set_title(key);
    record.set_content(value);
  }
  template <class Done>
  static void put(Stub& stub, grpc::ClientContext* context, const Request* request, Reply* reply, Done done) {
    stub.async()->Store(context, request, reply, std::move(done));
  }
  static grpc::Status put_blocking(Stub& stub, grpc::ClientContext* context, const Request& request, Reply* reply) {
    return stub.Store(context, request, reply);
  }
};

struct linearizable_api : memory_api {
  static void fill(Request& request, const std::string& key, const std::string& value) {
    memory_api::fill(request, key, value);
    request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
  }
};

template <class Api>
class quorate_writer final : public member_writer {
 public:
  explicit quorate_writer(const std::vector<std::string>& addresses) : writer_(addresses) {}
  bool put(std::size_t member, const std::string& key, const std::string& value,
           std::chrono::milliseconds deadline) override {
    return writer_.put(member, key, value, deadline);
  }

 private:
  blocking_writer<Api> writer_;
};

template <class Api>
class quorate_target final : public target {
 public:
  quorate_target(std::string name, std::string program, std::string parent)
      : name_(std::move(name)), program_(std::move(program)), parent_(std::move(parent)) {}

  const std::string& name() const override { return name_; }

  status start() override {
    chaos::cluster_options wanted;
    wanted.program = program_;
    wanted.scratch_parent = parent_;
    wanted.flags["--write-quorum"] = "2";
    auto cluster = chaos::local_cluster::prepare(wanted);
    if (!cluster) return cluster.error();
    cluster_ = std::move(*cluster);
    return cluster_->start_all();
  }

  void stop() override { cluster_.reset(); }
  std::vector<pid_t> pids() const override { return cluster_->pids(); }
  result<std::size_t> best_entry() override { return std::size_t{0}; }
  void kill(std::size_t member) override { cluster_->kill(cluster_->names().at(member)); }
  std::string member_name(std::size_t member) const override { return cluster_->names().at(member); }

  load_result run(const load_options& options) override {
    return closed_loop<Api>(cluster_->addresses(), options).run();
  }

  std::unique_ptr<member_writer> make_writer() override {
    return std::make_unique<quorate_writer<Api>>(cluster_->addresses());
  }

 private:
  const std::string name_;
  std::string program_;
  std::string parent_;
  std::unique_ptr<chaos::local_cluster> cluster_;
};

}  // namespace

std::unique_ptr<target> make_quorate_target(const std::string& program, const std::string& parent) {
  return std::make_unique<quorate_target<memory_api>>("quorate", program, parent);
}

std::unique_ptr<target> make_linearizable_target(const std::string& program, const std::string& parent) {
  return std::make_unique<quorate_target<linearizable_api>>("quorate linearizable", program, parent);
}

}  // namespace quorate::bench
