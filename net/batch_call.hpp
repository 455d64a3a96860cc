// A call that makes many writes, each with an answer of its own: it is finished when the last of them is.
//
// For the services of this folder. Runs on gRPC's threads; nothing here blocks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/write_call.hpp"

namespace quorate::net {

/// Says in the item of an answer why it was not done: StoreBatchReply, ImportReply.
template <class Item>
void refuse(const status& why, Item* item) {
  item->set_code(code_of(why.code()));
  item->set_message(why.message());
  if (v1::InvalidField field; fill(why, &field)) *item->mutable_invalid_field() = std::move(field);
}

class batch_call {
 public:
  explicit batch_call(ServerUnaryReactor* reactor) : reactor_(reactor) {}
  ~batch_call() { reactor_->Finish(grpc::Status::OK); }
  batch_call(const batch_call&) = delete;

 private:
  ServerUnaryReactor* reactor_;
};

template <class Item, class Change>
class batch_item final : public planned_request<Change> {
 public:
  batch_item(std::shared_ptr<batch_call> batch, Item* item, Change change)
      : planned_request<Change>(std::move(change)), batch_(std::move(batch)), item_(item) {}

  // Items are told apart by place, so they can be filled from different threads.
  void finish(const write_answer& end) noexcept override {
    if (end.outcome.ok()) {
      this->change().fill(this->planned(), end, item_);
    } else {
      refuse(end.outcome, item_);
      if (v1::WriteFailure failure; fill(end, &failure)) *item_->mutable_write_failure() = std::move(failure);
    }
    batch_.reset();
  }

 private:
  std::shared_ptr<batch_call> batch_;
  Item* item_;
};

/// One write of many, and about what it holds in memory.
template <class Change>
struct sized_change {
  Change change;
  std::size_t bytes = 0;
};

/// `change_of(i)` is the sized_change of item i, or the status that it ends with at once.
template <class Reply, class ChangeOf>
ServerUnaryReactor* write_batch(node_api& node, CallbackServerContext* call, const write_terms& terms, int count,
                                Reply* reply, ChangeOf change_of) {
  auto* reactor = call->DefaultReactor();
  auto batch = std::make_shared<batch_call>(reactor);
  const auto deadline = deadline_us(*call, node);
  for (int i = 0; i < count; ++i) reply->add_items();
  std::vector<write_ticket> tickets;
  tickets.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    auto* item = reply->mutable_items(i);
    auto sized = change_of(i);
    if (!sized) {
      refuse(sized.error(), item);
      continue;
    }
    using item_type = std::remove_pointer_t<decltype(item)>;
    using change_type = decltype(sized->change);
    auto one = std::make_unique<batch_item<item_type, change_type>>(batch, item, std::move(sized->change));
    apply(terms, one.get());
    one->deadline_us = deadline;
    one->bytes = sized->bytes;
    tickets.emplace_back(std::move(one));
  }
  batch.reset();
  if (!tickets.empty()) node.submit(std::move(tickets));
  return reactor;
}

}  // namespace quorate::net
