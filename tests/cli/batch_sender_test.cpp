#include "cli/batch_sender.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;

namespace {

sender_options quick() {
  sender_options options;
  options.backoff_ms_min = 1;
  options.backoff_ms_max = 4;
  return options;
}

import_record record(std::uint64_t line, const std::string& title, const std::string& content = "c") {
  import_record made;
  made.line = line;
  made.record.set_namespace_("n");
  made.record.set_title(title);
  made.record.set_content(content);
  return made;
}

v1::StoreBatchReply::Item& refuse(v1::StoreBatchReply* reply, v1::WriteFailure::Outcome outcome,
                                  const std::string& reason) {
  auto& item = *reply->add_items();
  item.set_code(grpc::StatusCode::UNAVAILABLE);
  item.set_message(reason);
  item.mutable_write_failure()->set_outcome(outcome);
  item.mutable_write_failure()->set_reason(reason);
  return item;
}

}  // namespace

TEST_SUITE("cli.batch_sender") {
  TEST_CASE("batches end at the bound in count and at the bound in bytes") {
    fake_node node;
    batch_log log;
    node.on_store_batch = [&](const auto& request, auto* reply) { return log.take(request, reply); };
    net::client client({node.address()}, {});
    import_report report(10);
    auto options = quick();
    options.batch_items_max = 10;
    options.batch_bytes_max = 5'000;
    options.batches_in_flight = 1;
    batch_sender sender(client, report, options);
    for (int i = 0; i < 25; ++i) REQUIRE(sender.add(record(1, "small" + std::to_string(i))));
    for (int i = 0; i < 5; ++i) REQUIRE(sender.add(record(1, "large" + std::to_string(i), std::string(2'000, 'x'))));
    sender.finish();
    std::vector<std::size_t> sizes;
    for (const auto& batch : log.batches) sizes.push_back(batch.size());
    CHECK(sizes == std::vector<std::size_t>{10, 10, 7, 2, 1});
    CHECK(report.totals().imported == 30);
  }

  TEST_CASE("a record larger than the bound in bytes goes alone") {
    fake_node node;
    batch_log log;
    node.on_store_batch = [&](const auto& request, auto* reply) { return log.take(request, reply); };
    net::client client({node.address()}, {});
    import_report report(10);
    auto options = quick();
    options.batch_bytes_max = 100;
    batch_sender sender(client, report, options);
    REQUIRE(sender.add(record(1, "a", std::string(1'000, 'x'))));
    REQUIRE(sender.add(record(2, "b", std::string(1'000, 'x'))));
    sender.finish();
    CHECK(log.batches.size() == 2);
  }

  TEST_CASE("two records of one key are never on their way together, and the later one is stored later") {
    fake_node node;
    std::mutex mutex;
    std::set<std::string> present;
    std::atomic<bool> together{false};
    batch_log log;
    std::atomic<int> calls{0};
    node.on_store_batch = [&](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      {
        const std::lock_guard lock(mutex);
        for (const auto& item : request.items())
          if (!present.insert(item.memory().title()).second) together = true;
      }
      // Every third call fails once more than it succeeds, so retries mix with what follows.
      const bool fails = ++calls % 3 == 0;
      const auto answer = fails ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost") : log.take(request, reply);
      const std::lock_guard lock(mutex);
      for (const auto& item : request.items()) present.erase(item.memory().title());
      return answer;
    };
    net::client client({node.address()}, {});
    import_report report(10);
    auto options = quick();
    options.batch_items_max = 3;
    batch_sender sender(client, report, options);
    for (int i = 0; i < 200; ++i) REQUIRE(sender.add(record(1, "key" + std::to_string(i % 7), std::to_string(i))));
    sender.finish();
    CHECK_FALSE(together);
    CHECK(report.totals().imported == 200);
    for (int i = 193; i < 200; ++i) CHECK(log.content["n/key" + std::to_string(i % 7)] == std::to_string(i));
  }

  TEST_CASE("an absent namespace is the global one when keys are compared") {
    fake_node node;
    batch_log log;
    node.on_store_batch = [&](const auto& request, auto* reply) { return log.take(request, reply); };
    net::client client({node.address()}, {});
    import_report report(10);
    batch_sender sender(client, report, quick());
    auto implied = record(1, "t");
    implied.record.clear_namespace_();
    auto named = record(2, "t");
    named.record.set_namespace_("global");
    REQUIRE(sender.add(std::move(implied)));
    REQUIRE(sender.add(std::move(named)));
    sender.finish();
    CHECK(log.batches.size() == 2);
  }

  TEST_CASE("only the records that were refused or are unknown are sent again, elsewhere") {
    fake_node a, b;
    batch_log log;
    a.on_store_batch = [](const v1::StoreBatchRequest&, v1::StoreBatchReply* reply) {
      reply->add_items()->mutable_stored()->set_id("one");
      refuse(reply, v1::WriteFailure::REJECTED, "quorum_unreachable");
      refuse(reply, v1::WriteFailure::INDETERMINATE, "quorum_timeout");
      auto& invalid = *reply->add_items();
      invalid.set_code(grpc::StatusCode::INVALID_ARGUMENT);
      invalid.mutable_invalid_field()->set_field("title");
      invalid.mutable_invalid_field()->set_rule("must not be blank");
      return grpc::Status::OK;
    };
    b.on_store_batch = [&](const auto& request, auto* reply) { return log.take(request, reply); };
    net::client client({a.address(), b.address()}, {});
    import_report report(10);
    batch_sender sender(client, report, quick());
    for (const auto* title : {"one", "two", "three", "four"}) REQUIRE(sender.add(record(4, title)));
    sender.finish();
    REQUIRE(log.batches.size() == 1);
    CHECK(log.batches[0].size() == 2);
    CHECK(log.batches[0][0].title() == "two");
    CHECK(log.batches[0][1].title() == "three");
    CHECK(report.totals().imported == 3);
    REQUIRE(report.errors().size() == 1);
    CHECK(report.errors()[0].title == "four");
    CHECK(report.errors()[0].error == "title: must not be blank");
    CHECK_FALSE(report.totals().lacked_quorum);
    CHECK_FALSE(sender.gave_up());
  }

  TEST_CASE("attempts are bounded; a batch that never finds a quorum ends the import and says why") {
    fake_node node;
    node.on_store_batch = [](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      for (int i = 0; i < request.items_size(); ++i) refuse(reply, v1::WriteFailure::REJECTED, "quorum_unreachable");
      return grpc::Status::OK;
    };
    net::client client({node.address()}, {});
    import_report report(10);
    auto options = quick();
    options.batches_in_flight = 1;
    options.attempts_max = 3;
    batch_sender sender(client, report, options);
    REQUIRE(sender.add(record(1, "a")));
    sender.finish();
    CHECK(node.calls("StoreBatch") == 3);
    CHECK(sender.gave_up());
    CHECK_FALSE(sender.add(record(2, "b")));
    sender.finish();
    CHECK(report.totals().errors == 1);
    CHECK(report.totals().lacked_quorum);
  }

  TEST_CASE("a record that always fails for a reason of its own does not end the import") {
    fake_node node;
    node.on_store_batch = [](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      for (const auto& item : request.items()) {
        auto& answer = *reply->add_items();
        if (item.memory().title() != "taken") continue;
        answer.set_code(grpc::StatusCode::ALREADY_EXISTS);
        answer.set_message("the id is taken");
      }
      return grpc::Status::OK;
    };
    net::client client({node.address()}, {});
    import_report report(10);
    batch_sender sender(client, report, quick());
    REQUIRE(sender.add(record(1, "taken")));
    sender.flush();
    REQUIRE(sender.add(record(2, "free")));
    sender.finish();
    CHECK(report.totals().imported == 1);
    CHECK(report.totals().errors == 1);
    CHECK(report.errors()[0].error == "the id is taken");
  }

  TEST_CASE("a node that answers for fewer records than it was sent is not believed") {
    fake_node node;
    node.on_store_batch = [](const v1::StoreBatchRequest&, v1::StoreBatchReply* reply) {
      reply->add_items();
      return grpc::Status::OK;
    };
    net::client client({node.address()}, {});
    import_report report(10);
    auto options = quick();
    options.attempts_max = 2;
    batch_sender sender(client, report, options);
    REQUIRE(sender.add(record(1, "a")));
    REQUIRE(sender.add(record(2, "b")));
    sender.finish();
    CHECK(report.totals().imported == 0);
    CHECK(report.totals().errors == 2);
  }
}
