// Admin.BackupInto: one at a time, and nobody else waits for it.
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "fake_node_api.hpp"
#include "tests/support/eventually.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

grpc::Status back_up(served_node& node, v1::BackupIntoReply* reply, std::uint32_t keep = 0) {
  grpc::ClientContext context;
  v1::BackupIntoRequest request;
  request.set_keep(keep);
  return node.admin().BackupInto(&context, request, reply);
}

}  // namespace

TEST_SUITE("net.backup_into") {
  TEST_CASE("the node's answer arrives, and so does its refusal") {
    served_node node;
    v1::BackupIntoReply reply;
    CHECK(back_up(node, &reply).error_code() == grpc::StatusCode::PERMISSION_DENIED);
    node->on_back_up = [](const v1::BackupIntoRequest& request, v1::BackupIntoReply* made) {
      made->set_id(request.keep() + 1);
      return status();
    };
    CHECK(back_up(node, &reply, 4).ok());
    CHECK(reply.id() == 5);
    node->on_back_up = [](const auto&, auto*) -> status { throw std::runtime_error("odd"); };
    CHECK(back_up(node, &reply).error_code() == grpc::StatusCode::INTERNAL);
  }

  TEST_CASE("a second one is refused while one is made, and other calls are answered") {
    served_node node;
    std::mutex mutex;
    std::condition_variable changed;
    bool begun = false;
    bool may_end = false;
    node->on_back_up = [&](const auto&, auto*) {
      std::unique_lock lock(mutex);
      begun = true;
      changed.notify_all();
      changed.wait_for(lock, testing::patience, [&] { return may_end; });
      return status();
    };
    grpc::Status first;
    std::thread caller([&] {
      v1::BackupIntoReply reply;
      first = back_up(node, &reply);
    });
    {
      std::unique_lock lock(mutex);
      CHECK(changed.wait_for(lock, testing::patience, [&] { return begun; }));
    }
    v1::BackupIntoReply reply;
    CHECK(back_up(node, &reply).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    for (int i = 0; i < 16; ++i) {
      grpc::ClientContext context;
      v1::StatusReply held;
      CHECK(node.admin().Status(&context, {}, &held).ok());
    }
    {
      const std::lock_guard lock(mutex);
      may_end = true;
    }
    changed.notify_all();
    caller.join();
    CHECK(first.ok());
    CHECK(back_up(node, &reply).ok());
  }
}
