#include "chaos/drill/register_load.hpp"

#include <memory>
#include <random>
#include <utility>

#include "chaos/history.hpp"
#include "chaos/node_client.hpp"

namespace quorate::chaos {
namespace {

std::string title_of(unsigned number) { return "register " + std::to_string(number); }

std::uint64_t value_in(const std::string& content) { return std::strtoull(content.c_str(), nullptr, 10); }

}  // namespace

class register_load::client {
 public:
  client(register_load& owner, unsigned number)
      : owner_(owner), options_(owner.options_), random_(options_.seed * 1'000 + number) {
    for (const auto& endpoint : options_.endpoints) nodes_.push_back(std::make_unique<node_client>(endpoint));
    at_ = number % nodes_.size();
  }

  void run() {
    while (!owner_.stopping_) {
      const auto title = title_of(static_cast<unsigned>(random_() % options_.registers));
      const bool answered = random_() % 2 == 0 ? read(title) : write(title);
      if (!answered) at_ = (at_ + 1) % nodes_.size();
      std::this_thread::sleep_for(options_.pause);
    }
  }

 private:
  register_operation begin(const std::string& title) const {
    register_operation operation;
    operation.key = title;
    operation.label = nodes_[at_]->address();
    operation.start_us = steady_us();
    return operation;
  }

  bool write(const std::string& title) {
    v1::StoreRequest request;
    request.set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    auto& record = *request.mutable_memory();
    record.set_namespace_(options_.name_space);
    record.set_title(title);
    record.set_source("chaos");
    record.set_tier(v1::TIER_LONG);
    const auto value = ++owner_.values_;
    record.set_content(std::to_string(value));
    auto operation = begin(title);
    operation.write = true;
    operation.value = value;
    v1::StoreReply reply;
    const auto outcome = outcome_of(nodes_[at_]->store(request, &reply, options_.call_deadline));
    operation.end_us = steady_us();
    operation.certain = outcome == write_outcome::acknowledged;
    if (outcome != write_outcome::rejected) owner_.add(std::move(operation));
    return outcome == write_outcome::acknowledged || outcome == write_outcome::superseded;
  }

  bool read(const std::string& title) {
    v1::GetRequest request;
    request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
    request.mutable_name()->set_namespace_(options_.name_space);
    request.mutable_name()->set_title(title);
    auto operation = begin(title);
    v1::GetReply reply;
    const auto answer = nodes_[at_]->get(request, &reply);
    operation.end_us = steady_us();
    if (!answer.ok() && answer.error_code() != grpc::NOT_FOUND) return false;
    operation.value = answer.ok() ? value_in(reply.memory().content()) : 0;
    owner_.add(std::move(operation));
    return true;
  }

  register_load& owner_;
  const register_load_options& options_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<node_client>> nodes_;
  std::size_t at_ = 0;
};

register_load::register_load(register_load_options options) : options_(std::move(options)) {}

register_load::~register_load() { stop(); }

void register_load::start() {
  for (unsigned i = 0; i < options_.clients; ++i) threads_.emplace_back([this, i] { client(*this, i).run(); });
}

void register_load::stop() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

status register_load::read_finally(const std::string& endpoint) {
  node_client node(endpoint);
  for (unsigned i = 0; i < options_.registers; ++i) {
    v1::GetRequest request;
    request.mutable_name()->set_namespace_(options_.name_space);
    request.mutable_name()->set_title(title_of(i));
    register_operation operation;
    operation.key = title_of(i);
    operation.label = endpoint + ", own copy, in the end";
    operation.start_us = steady_us();
    v1::GetReply reply;
    const auto answer = node.get(request, &reply);
    operation.end_us = steady_us();
    if (!answer.ok() && answer.error_code() != grpc::NOT_FOUND)
      return {errc::unavailable, "reading " + title_of(i) + " of " + endpoint + " in the end: " + text_of(answer)};
    operation.value = answer.ok() ? value_in(reply.memory().content()) : 0;
    add(std::move(operation));
  }
  return {};
}

std::vector<register_operation> register_load::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

void register_load::add(register_operation operation) {
  std::lock_guard lock(mutex_);
  operations_.push_back(std::move(operation));
}

}  // namespace quorate::chaos
