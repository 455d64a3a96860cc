#include "net/client.hpp"

#include <doctest/doctest.h>

#include "proto/clock.hpp"
#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::cli::tests;

namespace {

v1::StoreRequest some_store() {
  v1::StoreRequest request;
  request.mutable_memory()->set_title("t");
  return request;
}

}  // namespace

TEST_SUITE("net.client") {
  TEST_CASE("a write that a node rejected is sent to the next one") {
    for (const auto* reason : {"quorum_unreachable", "shutting_down", "clock_skew"}) {
      CAPTURE(reason);
      fake_node a, b;
      a.on_store = [&](const auto&, auto*) {
        return write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::REJECTED, reason);
      };
      accept_stores(b);
      client both({a.address(), b.address()}, {});
      v1::StoreReply reply;
      const auto result = both.store(some_store(), &reply);
      CHECK(result.ok());
      CHECK(result.endpoint == b.address());
      CHECK(reply.copies() == 2);
      CHECK(a.calls("Store") == 1);
    }
  }

  TEST_CASE("a write that an overloaded node turned away is sent to the next one") {
    fake_node a, b;
    a.on_store = [](const auto&, auto*) {
      return write_failure(grpc::StatusCode::RESOURCE_EXHAUSTED, v1::WriteFailure::REJECTED, "overloaded");
    };
    accept_stores(b);
    client both({a.address(), b.address()}, {});
    v1::StoreReply reply;
    CHECK(both.store(some_store(), &reply).ok());
  }

  TEST_CASE("a write whose fate is unknown is not sent again") {
    const std::vector<grpc::Status> answers{
        indeterminate(),
        {grpc::StatusCode::UNAVAILABLE, "connection reset"},
        {grpc::StatusCode::RESOURCE_EXHAUSTED, "from the library"},
        {grpc::StatusCode::DEADLINE_EXCEEDED, "from the library"},
        {grpc::StatusCode::CANCELLED, "from the library"},
        {grpc::StatusCode::INTERNAL, "from the library"},
        {grpc::StatusCode::UNAVAILABLE, "unreadable details", "garbage"},
        write_failure(grpc::StatusCode::INTERNAL, v1::WriteFailure::INDETERMINATE, "storage_failure"),
        write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::OUTCOME_UNSPECIFIED, "of a later release")};
    for (const auto& answer : answers) {
      CAPTURE(answer.error_message());
      fake_node a, b;
      a.on_store = [&](const auto&, auto*) { return answer; };
      accept_stores(b);
      client both({a.address(), b.address()}, {});
      v1::StoreReply reply;
      const auto result = both.store(some_store(), &reply);
      CHECK(result.outcome == call_outcome::indeterminate);
      CHECK(result.endpoint == a.address());
      CHECK(b.calls("Store") == 0);
    }
  }

  TEST_CASE("what is only asked what it would do is never unknown, and asked of the next node") {
    fake_node a, b;
    const grpc::Status late(grpc::StatusCode::DEADLINE_EXCEEDED, "too late");
    const auto try_out = [&](auto request, auto reply, auto& on_a, auto& on_b) {
      on_a = [&](const auto&, auto*) { return late; };
      on_b = [&](const auto&, auto*) { return late; };
      client both({a.address(), b.address()}, {});
      CHECK(both.call(request, &reply).outcome == call_outcome::indeterminate);
      request.set_dry_run(true);
      CHECK(both.call(request, &reply).outcome == call_outcome::rejected);
      on_b = [&](const auto&, auto*) { return grpc::Status::OK; };
      CHECK(both.call(request, &reply).ok());
    };
    try_out(v1::ForgetRequest(), v1::ForgetReply(), a.on_Forget, b.on_Forget);
    try_out(v1::CollectExpiredRequest(), v1::CollectExpiredReply(), a.on_CollectExpired, b.on_CollectExpired);
    try_out(v1::PurgeArchiveRequest(), v1::PurgeArchiveReply(), a.on_PurgeArchive, b.on_PurgeArchive);
  }

  TEST_CASE("a write that no node answers in time is indeterminate and ends at the timeout") {
    fake_node a, b;
    std::mutex held;
    held.lock();
    a.on_store = [&](const auto&, auto*) {
      const std::lock_guard wait(held);
      return grpc::Status::OK;
    };
    accept_stores(b);
    client both({a.address(), b.address()}, {.timeout_ms = 300});
    v1::StoreReply reply;
    const auto start_us = system_clock().steady_us();
    const auto result = both.store(some_store(), &reply);
    held.unlock();
    CHECK(system_clock().steady_us() - start_us < 2'000'000);
    CHECK(result.outcome == call_outcome::indeterminate);
    CHECK(result.reason == "deadline_exceeded");
    CHECK(b.calls("Store") == 0);
  }

  TEST_CASE("a write that breaks a rule, or was superseded, is answered at once") {
    fake_node a, b;
    accept_stores(b);
    client both({a.address(), b.address()}, {});
    v1::StoreReply reply;

    a.on_store = [](const auto&, auto*) { return invalid_field("priority", "must be 1 to 10, got 11"); };
    const auto invalid = both.store(some_store(), &reply);
    CHECK(invalid.outcome == call_outcome::rejected);
    CHECK(invalid.field == "priority");
    CHECK(invalid.message == "must be 1 to 10, got 11");
    CHECK(invalid.reason == "invalid_argument");

    a.on_store = [](const auto&, auto*) {
      return write_failure(grpc::StatusCode::ABORTED, v1::WriteFailure::SUPERSEDED, "superseded", 2);
    };
    const auto superseded = both.store(some_store(), &reply);
    CHECK(superseded.outcome == call_outcome::superseded);
    CHECK(superseded.copies == 2);
    CHECK(b.calls("Store") == 0);
  }

  TEST_CASE("an endpoint that cannot be connected to is skipped, and not asked first again") {
    fake_node b;
    accept_stores(b);
    client both({dead_address(), b.address()}, {});
    v1::StoreReply reply;
    CHECK(both.store(some_store(), &reply).ok());
    CHECK(both.store(some_store(), &reply).ok());
    CHECK(b.calls("Store") == 2);
  }

  TEST_CASE("when no endpoint can be connected to the write is certainly not done, and all are named") {
    const auto first = dead_address(), second = dead_address();
    client both({first, second}, {});
    v1::StoreReply reply;
    const auto result = both.store(some_store(), &reply);
    CHECK(result.outcome == call_outcome::rejected);
    CHECK_FALSE(result.reached);
    CHECK(result.reason == "unavailable");
    CHECK(result.message.find(first) != std::string::npos);
    CHECK(result.message.find(second) != std::string::npos);
  }

  TEST_CASE("a node's own refusal is reported rather than the silence of another") {
    fake_node a;
    a.on_store = [](const auto&, auto*) { return quorum_unreachable(); };
    client both({a.address(), dead_address()}, {});
    v1::StoreReply reply;
    const auto result = both.store(some_store(), &reply);
    CHECK(result.reason == "quorum_unreachable");
    CHECK(result.copies_needed == 2);
  }

  TEST_CASE("a node that comes back is used again") {
    auto a = std::make_unique<fake_node>();
    accept_stores(*a);
    const auto address = a->address();
    client one({address}, {});
    v1::StoreReply reply;
    CHECK(one.store(some_store(), &reply).ok());
    a->stop();
    CHECK_FALSE(one.store(some_store(), &reply).ok());
    fake_node again(address);
    accept_stores(again);
    const auto deadline_us = system_clock().steady_us() + 10'000'000;
    bool stored = false;
    while (!stored && system_clock().steady_us() < deadline_us) stored = one.store(some_store(), &reply).ok();
    CHECK(stored);
  }

  TEST_CASE("a read goes on to the next endpoint until one gives a definite answer") {
    for (const auto code : {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::INTERNAL, grpc::StatusCode::DATA_LOSS}) {
      fake_node a, b;
      a.on_get = [&](const auto&, auto*) { return grpc::Status(code, "no"); };
      b.on_get = [](const auto&, auto* reply) {
        reply->mutable_memory()->set_title("found");
        return grpc::Status::OK;
      };
      client both({a.address(), b.address()}, {});
      v1::GetReply reply;
      CHECK(both.get({}, &reply).ok());
      CHECK(reply.memory().title() == "found");
    }
  }

  TEST_CASE("a read that hangs at one endpoint leaves time for the next") {
    fake_node a, b;
    std::mutex held;
    held.lock();
    a.on_get = [&](const auto&, auto*) {
      const std::lock_guard wait(held);
      return grpc::Status::OK;
    };
    b.on_get = [](const auto&, auto*) { return grpc::Status::OK; };
    client both({a.address(), b.address()}, {.timeout_ms = 1'000});
    v1::GetReply reply;
    const auto result = both.get({}, &reply);
    held.unlock();
    CHECK(result.ok());
    CHECK(result.endpoint == b.address());
  }

  TEST_CASE("not found is a definite answer") {
    fake_node a, b;
    a.on_get = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such record"); };
    client both({a.address(), b.address()}, {});
    v1::GetReply reply;
    const auto result = both.get({}, &reply);
    CHECK(result.outcome == call_outcome::rejected);
    CHECK(result.reason == "not_found");
    CHECK(b.calls("Get") == 0);
  }

  TEST_CASE("a batch item is read like a call") {
    v1::StoreBatchReply::Item item;
    CHECK(decode(item).ok());
    item.set_code(grpc::StatusCode::UNAVAILABLE);
    item.set_message("two\nlines");
    CHECK(decode(item).outcome == call_outcome::indeterminate);
    CHECK(decode(item).message == "two lines");
    item.mutable_write_failure()->set_outcome(v1::WriteFailure::REJECTED);
    item.mutable_write_failure()->set_reason("quorum_unreachable");
    CHECK(may_move_on(decode(item)));
    item.clear_write_failure();
    item.set_code(grpc::StatusCode::INVALID_ARGUMENT);
    item.mutable_invalid_field()->set_field("title");
    CHECK(decode(item).field == "title");
  }

  TEST_CASE("a channel without a connection works like an endpoint") {
    fake_node a;
    accept_stores(a);
    client one(grpc::CreateChannel(a.address(), grpc::InsecureChannelCredentials()), "embedded", {});
    v1::StoreReply reply;
    CHECK(one.store(some_store(), &reply).ok());
    CHECK(one.endpoints() == std::vector<std::string>{"embedded"});
  }
}
