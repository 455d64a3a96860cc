// A store with one writer for tests of plans: what is planned is applied at once, each write a millisecond after the
// one before. One thread.
#pragma once

#include <string>

#include <doctest/doctest.h>

#include "memory/agents.hpp"
#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/validation.hpp"
#include "tests/memory/written_values.hpp"
#include "tests/support/fake_reader.hpp"

namespace quorate::memory::tests {

class written_store {
 public:
  fake_reader reader;

  std::int64_t now_ms() const { return 1'795'300'230'123 + step_; }
  version next_stamp() const { return {hybrid_time_at(static_cast<std::uint64_t>(now_ms())), node_id{1}}; }
  void pass(std::int64_t ms) { step_ += ms; }

  void apply(const planned_write& plan) {
    check_written(plan.mutations);
    reader.apply(plan.mutations, next_stamp());
    ++step_;
  }

  /// Its id.
  std::string store(const std::string& name_space, const std::string& title, const std::string& metadata = "{}") {
    v1::StoreRequest request;
    request.mutable_memory()->set_namespace_(name_space);
    request.mutable_memory()->set_title(title);
    request.mutable_memory()->set_content("content of " + title);
    request.mutable_memory()->set_metadata(metadata);
    const auto prepared = prepare(std::move(request), now_ms());
    REQUIRE(prepared);
    const auto plan = plan_store(reader, *prepared, next_stamp());
    REQUIRE(plan);
    apply(*plan);
    return plan->id;
  }

  void remove(const std::string& id) {
    v1::DeleteRequest request;
    request.set_id(id);
    const auto plan = plan_delete(reader, request);
    REQUIRE(plan);
    apply(*plan);
  }

  void register_agent(const std::string& id) {
    v1::RegisterAgentRequest request;
    request.set_agent_id(id);
    request.set_agent_type("human");
    const auto plan = plan_register_agent(reader, request, next_stamp(), now_ms());
    REQUIRE(plan);
    apply(plan->write);
  }

  v1::MemoryRecord record(const std::string& id) const {
    const auto found = find_record(reader, id, nullptr);
    REQUIRE(found);
    return found->record;
  }
  bool holds(const std::string& id) const { return find_record(reader, id, nullptr).ok(); }

 private:
  std::int64_t step_ = 0;
};

}  // namespace quorate::memory::tests
