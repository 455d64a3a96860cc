#include "tests/net/fake_node_api.hpp"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <stdexcept>

namespace quorate::net::tests {

void fake_node_api::waiting_calls::add(sequence_number wanted, std::int64_t deadline_us,
                                       std::function<void(status)> then) const {
  const std::lock_guard lock(mutex_);
  calls_.push_back({wanted, deadline_us, std::move(then)});
  news_.notify_all();
}

std::size_t fake_node_api::waiting_calls::size() const {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

void fake_node_api::waiting_calls::serve(const std::stop_token& end) {
  std::unique_lock lock(mutex_);
  while (news_.wait(lock, end, [&] { return !calls_.empty(); })) {
    const auto done = std::partition(calls_.begin(), calls_.end(), [&](const call& one) {
      return one.wanted > node_.held && node_.time().steady_us() < one.deadline_us;
    });
    for (auto at = done; at != calls_.end(); ++at)
      at->then(at->wanted <= node_.held ? status() : status(errc::behind, "this node has not yet got the write"));
    calls_.erase(done, calls_.end());
    news_.wait_for(lock, end, std::chrono::milliseconds(1), [] { return false; });
  }
}

status fake_node_api::plan(write_request& request, write_answer* answer) {
  answer->stamp = {++time_, node_id{1}};
  // As a writer does: only keys that the members were asked about are changed by a linearizable write.
  const auto asked = request.keys(reader);
  const auto changes = request.plan(reader, answer->stamp);
  if (!changes) return changes.error();
  if (changes->empty()) answer->stamp = {};
  for (const auto& change : *changes)
    if (request.consistency == write_consistency::linearizable
        && std::find(asked.begin(), asked.end(), change.key) == asked.end())
      return status(errc::conflict, "a key was not asked about");
  reader.apply(*changes, answer->stamp);
  if (newer && !changes->empty()) {
    newer->stamp = {++time_, node_id{2}};
    reader.records[changes->front().key] = *newer;
  }
  return {};
}

void fake_node_api::submit(std::vector<write_ticket>&& tickets) {
  for (auto& ticket : tickets) {
    auto& request = *ticket.operator->();
    writes.push_back({request.quorum, request.consistency, request.on_superseded, request.yields, request.keys(reader),
                      request.deadline_us});
    if (const auto called = before_write) called(writes.size() - 1);
    write_answer answer;
    answer.outcome = refuse ? refuse() : status();
    if (answer.outcome.ok()) answer.outcome = plan(request, &answer);
    if (answer.outcome.ok() && newer) {
      newer.reset();
      answer.retried = true;
      answer.outcome = plan(request, &answer);
    }
    answer.copies = answer.copies_needed = 2;
    ticket.finish(answer);
  }
}

void fake_node_api::read(read_ticket&& ticket) {
  auto taken = std::move(ticket);
  reads.emplace_back(taken->key, taken->deadline_us);
  auto answer = on_read ? on_read(taken->key) : std::nullopt;
  if (answer) taken.finish(std::move(*answer));
}

result<std::shared_ptr<inbound_link>> fake_node_api::accept(const v1::Knock& knock, bool,
                                                            std::shared_ptr<answer_sink> answers, v1::Challenge*) {
  if (on_accept) return on_accept(knock, std::move(answers));
  return status(errc::not_permitted, "a fake node has no peers");
}

served_node::served_node() : node_(std::make_unique<fake_node_api>()) {
  auto server = start_grpc_server(*node_, "");
  if (!server) throw std::runtime_error(server.error().message());
  server_ = std::move(*server);
  memory_ = v1::Memory::NewStub(server_->in_process_channel());
  admin_ = v1::Admin::NewStub(server_->in_process_channel());
}

served_node::~served_node() { server_->stop(0); }

}  // namespace quorate::net::tests
