// A store with one writer for tests of plans: what a plan says is done, under versions and times that go up by one.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "tests/memory/written_values.hpp"
#include "tests/support/fake_reader.hpp"

namespace quorate::memory::tests {

class planned_store {
 public:
  fake_reader reader;
  std::int64_t now_ms = 1795300230123;

  version next_stamp() const { return {hybrid_time_at(static_cast<std::uint64_t>(now_ms)), node_id{1}}; }

  /// Does what is planned, and answers it.
  template <class Plan>
  result<Plan> write(result<Plan> plan) {
    if (plan) {
      CHECK_FALSE(plan->mutations.empty());
      check_written(plan->mutations);
      reader.apply(plan->mutations, next_stamp());
      ++now_ms;
    }
    return plan;
  }

  /// The id of what was stored.
  std::string store(v1::StoreRequest request) {
    const auto rule = request.merge_by_time() ? merge_rule::by_time : merge_rule::upsert;
    auto prepared = prepare(std::move(request), now_ms);
    REQUIRE_MESSAGE(prepared, prepared.error().message());
    const auto plan = write(plan_store(reader, *prepared, next_stamp(), rule));
    REQUIRE_MESSAGE(plan, plan.error().message());
    return plan->id;
  }
  std::string store(const std::string& title, const std::string& name_space = "global") {
    v1::StoreRequest request;
    request.mutable_memory()->set_title(title);
    request.mutable_memory()->set_namespace_(name_space);
    request.mutable_memory()->set_content("content of " + title);
    return store(std::move(request));
  }
  void remove(const std::string& id) {
    v1::DeleteRequest request;
    request.set_id(id);
    REQUIRE(write(plan_delete(reader, request)));
  }
  void touch(const std::string& id, int times, node_id node = node_id{1}) {
    const auto found = find_record(reader, id, nullptr);
    REQUIRE(found);
    for (int i = 0; i < times; ++i) REQUIRE(write(plan_touch(reader, {found->key}, node, now_ms)));
  }

  bool is_live(const std::string& id) const { return find_record(reader, id, nullptr).ok(); }
  v1::MemoryRecord stored(const std::string& id) const {
    auto found = find_record(reader, id, nullptr);
    REQUIRE(found);
    return found->record;
  }
  /// As a reader sees it.
  v1::MemoryRecord shown(const std::string& id) const {
    auto record = stored(id);
    REQUIRE(present(reader, &record));
    return record;
  }
};

}  // namespace quorate::memory::tests
