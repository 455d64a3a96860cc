#include "tests/e2e/fixture.hpp"

#include <cstdlib>
#include <iostream>

namespace quorate::e2e {
namespace {

constexpr std::size_t log_lines = 40;
constexpr std::size_t violations_shown = 10;

bool case_failed = false;

/// Remembers whether a check of the present case failed, for the destructor of its cluster.
struct failure_flag : doctest::IReporter {
  explicit failure_flag(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override { case_failed = false; }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override { case_failed = true; }
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& checked) override { case_failed = case_failed || checked.m_failed; }
  void log_message(const doctest::MessageData& message) override {
    case_failed =
        case_failed || (message.m_severity & (doctest::assertType::is_check | doctest::assertType::is_require));
  }
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("failure_flag", 1, failure_flag);

}  // namespace

running_cluster::running_cluster(flags common, bool start) {
  chaos::cluster_options wanted;
  wanted.program = QUORATE_PROGRAM;
  wanted.flags = std::move(common);
  wanted.flags.emplace("--write-quorum", "2");
  wanted.flags.emplace("--enable-drills", "");
  auto cluster = chaos::local_cluster::prepare(wanted);
  REQUIRE_MESSAGE(cluster.ok(), cluster.error().message());
  cluster_ = std::move(*cluster);
  if (!start) return;
  const auto started = cluster_->start_all();
  REQUIRE_MESSAGE(started.ok(), started.message());
}

running_cluster::~running_cluster() {
  if (!case_failed || !cluster_) return;
  for (const auto& name : cluster_->names()) {
    for (const auto& line : cluster_->log_tail(name, log_lines)) std::cerr << "  " << name << " | " << line << "\n";
  }
}

void running_cluster::require_equal(const std::vector<std::string>& names) {
  const auto equal = cluster_->wait_digests_equal(names, converge_bound);
  REQUIRE_MESSAGE(equal.ok(), equal.error().message());
}

void running_cluster::require_history(const std::vector<chaos::write_event>& events,
                                      const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto contents = cluster_->export_all(name);
    REQUIRE_MESSAGE(contents.ok(), contents.error().message());
    const auto found = chaos::check(events, *contents);
    std::string text = std::to_string(found.size()) + " disagreements on " + name;
    for (std::size_t i = 0; i < std::min(found.size(), violations_shown); ++i) text += "\n  " + text_of(found[i]);
    CHECK_MESSAGE(found.empty(), text);
  }
}

v1::StoreRequest record(const std::string& title, const std::string& content) {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content(content);
  request.mutable_memory()->set_namespace_("e2e");
  request.mutable_memory()->set_tier(v1::TIER_LONG);
  return request;
}

v1::GetRequest by_name(const std::string& title) {
  v1::GetRequest request;
  request.mutable_name()->set_namespace_("e2e");
  request.mutable_name()->set_title(title);
  return request;
}

grpc::Status store(chaos::node_client& node, const std::string& title, const std::string& content,
                   v1::StoreReply* reply) {
  v1::StoreReply unused;
  return node.store(record(title, content), reply ? reply : &unused, call_deadline);
}

std::string content_on(chaos::node_client& node, const std::string& title) {
  v1::GetReply reply;
  return node.get(by_name(title), &reply).ok() ? reply.memory().content() : "";
}

bool shows(chaos::node_client& node, const std::string& title, const std::string& content, milliseconds bound) {
  return chaos::wait_until(bound, [&] { return content_on(node, title) == content; });
}

void cut(running_cluster& cluster, const std::string& one, const std::string& other) {
  v1::DrillRequest drill;
  drill.set_cut_link(other);
  REQUIRE(text_of(cluster->client(one).drill(drill)) == "OK");
  drill.set_cut_link(one);
  REQUIRE(text_of(cluster->client(other).drill(drill)) == "OK");
  REQUIRE(cluster->wait_peer(one, other, false, converge_bound));
}

std::uint64_t number_from_environment(const char* name, std::uint64_t by_default) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : by_default;
}

}  // namespace quorate::e2e
