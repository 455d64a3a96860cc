// The image and the compose file as they are shipped, and what a drill does to them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "chaos/drill/compose_environment.hpp"
#include "chaos/drill/network.hpp"
#include "chaos/wait.hpp"

namespace {

using namespace quorate;
using namespace quorate::chaos;

constexpr milliseconds start_bound(90'000);
constexpr milliseconds converge_bound(20'000);
constexpr milliseconds call_deadline(5'000);
constexpr milliseconds engine_bound(20'000);

/// Nothing, with the reason on the terminal, where there is no engine or image.
std::unique_ptr<compose_environment> containers() {
  auto made = compose_environment::prepare();
  if (made) return std::move(*made);
  if (std::getenv("QUORATE_NEED_CONTAINERS") != nullptr) FAIL(made.error().message());
  MESSAGE("skipped: " << made.error().message());
  return nullptr;
}

std::unique_ptr<compose_environment> running_containers() {
  auto nodes = containers();
  if (!nodes) return nullptr;
  const auto started = nodes->start_all(start_bound);
  REQUIRE_MESSAGE(started.ok(), started.message());
  return nodes;
}

v1::StoreRequest record(const std::string& title) {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content("of " + title);
  request.mutable_memory()->set_namespace_("deploy");
  request.mutable_memory()->set_tier(v1::TIER_LONG);
  return request;
}

grpc::Status store(compose_environment& nodes, const std::string& node, const std::string& title) {
  v1::StoreReply reply;
  return nodes.client(node).store(record(title), &reply, call_deadline);
}

bool lists(compose_environment& nodes, const std::string& node, const std::string& title) {
  return wait_until(converge_bound, [&] {
    v1::ListRequest request;
    request.set_namespace_("deploy");
    v1::ListReply reply;
    if (!nodes.client(node).list(request, &reply).ok()) return false;
    for (const auto& memory : reply.memories()) {
      if (memory.title() == title) return true;
    }
    return false;
  });
}

std::string inspected(compose_environment& nodes, const std::string& node, const std::string& format) {
  const auto answer = nodes.engine().docker({"inspect", "--format", format, nodes.container(node)}, engine_bound);
  REQUIRE_MESSAGE(answer.ok(), answer.error().message());
  return *answer;
}

void check_ok(const status& done) { CHECK_MESSAGE(done.ok(), done.message()); }

}  // namespace

TEST_CASE("compose: three containers come up healthy, take writes and survive the kill of one") {
  const auto nodes = running_containers();
  if (!nodes) return;
  for (const auto& name : nodes->nodes()) {
    CAPTURE(name);
    CHECK(wait_until(
        start_bound, [&] { return inspected(*nodes, name, "{{.State.Health.Status}}") == "healthy"; },
        milliseconds(200)));
    const auto user = nodes->engine().docker({"exec", nodes->container(name), "id", "-u"}, engine_bound);
    REQUIRE_MESSAGE(user.ok(), user.error().message());
    CHECK(*user == "7411");
    // Clients outside this machine must not get in.
    CHECK(inspected(*nodes, name, "{{(index (index .NetworkSettings.Ports \"7411/tcp\") 0).HostIp}}") == "127.0.0.1");
  }

  REQUIRE(text_of(store(*nodes, "a", "first")) == "OK");
  CHECK(lists(*nodes, "c", "first"));

  check_ok(nodes->kill("a"));
  CHECK_FALSE(nodes->running("a"));
  CHECK(text_of(store(*nodes, "b", "without a")) == "OK");
  CHECK(lists(*nodes, "c", "without a"));
  CHECK_FALSE(nodes->running("a"));

  check_ok(nodes->start("a", start_bound));
  CHECK(lists(*nodes, "a", "without a"));
  CHECK(lists(*nodes, "a", "first"));
}

TEST_CASE("compose: a node off the network of its peers still answers its clients, and heals") {
  const auto nodes = running_containers();
  if (!nodes) return;
  auto& net = *nodes->net();
  CHECK(*net.bitten() == 0);
  for (const auto* other : {"b", "c"}) {
    check_ok(net.cut("a", other));
    check_ok(net.cut(other, "a"));
  }
  const auto bitten = net.bitten();
  REQUIRE_MESSAGE(bitten.ok(), bitten.error().message());
  CHECK(*bitten == 4);  // a's two links, seen from both ends

  REQUIRE(wait_until(converge_bound, [&] {
    v1::StatusReply reply;
    return nodes->client("a").node_status(&reply).ok() && reply.state() == "no_quorum";
  }));
  CHECK(outcome_of(store(*nodes, "a", "alone")) == write_outcome::rejected);
  CHECK(text_of(store(*nodes, "b", "of the majority")) == "OK");

  check_ok(net.heal());
  CHECK(lists(*nodes, "a", "of the majority"));
  CHECK(wait_until(converge_bound, [&] { return text_of(store(*nodes, "a", "together")) == "OK"; }));
  CHECK(lists(*nodes, "c", "together"));
}

TEST_CASE("compose: stop, pause and wipe do what they say") {
  const auto nodes = running_containers();
  if (!nodes) return;
  REQUIRE(text_of(store(*nodes, "b", "kept")) == "OK");
  REQUIRE(lists(*nodes, "a", "kept"));

  check_ok(nodes->pause("c"));
  CHECK(nodes->running("c"));
  CHECK_FALSE(nodes->client("c").serving());
  check_ok(nodes->resume("c"));
  CHECK(wait_until(converge_bound, [&] { return nodes->client("c").serving(); }));

  CHECK_FALSE(nodes->wipe("a").ok());
  check_ok(nodes->stop("a", milliseconds(10'000)));
  CHECK_FALSE(nodes->running("a"));
  const auto gone = nodes->wipe("a");
  REQUIRE_MESSAGE(gone.ok(), gone.error().message());
  CHECK(*gone > 0);
  CHECK(*nodes->wipe("a") == 0);
  check_ok(nodes->start("a", start_bound));
  CHECK(lists(*nodes, "a", "kept"));
}

TEST_CASE("compose: all nodes are killed at once, started again, and keep what they had") {
  const auto nodes = running_containers();
  if (!nodes) return;
  REQUIRE(text_of(store(*nodes, "a", "kept")) == "OK");
  for (const auto& name : nodes->nodes()) check_ok(nodes->kill(name));
  for (const auto& name : nodes->nodes()) check_ok(nodes->start(name, milliseconds(20'000)));
  for (const auto& name : nodes->nodes()) CHECK(lists(*nodes, name, "kept"));
}

TEST_CASE("compose: what containers cannot do is an error that says so") {
  const auto nodes = containers();
  if (!nodes) return;
  // Known before anything is started.
  auto& net = *nodes->net();
  CHECK_FALSE(net.cannot_lose().empty());
  CHECK_FALSE(net.lose(0.1).ok());
  CHECK_FALSE(net.limit("a", "b", 1'000).ok());
  CHECK_FALSE(nodes->damage("a", 1).ok());
  CHECK_FALSE(nodes->give_small_disk("a", 1'000'000).ok());
  CHECK_FALSE(nodes->move_clock("a", std::chrono::seconds(10)).ok());
  CHECK_FALSE(net.cut("a", "b").ok());
  const auto started = nodes->start_all(start_bound);
  REQUIRE_MESSAGE(started.ok(), started.message());
  check_ok(net.cut("a", "b"));
  const auto bitten = net.bitten();
  REQUIRE_FALSE(bitten.ok());
  CHECK(bitten.error().message().find("a->b") != std::string::npos);
}

TEST_CASE("compose: nothing is left when a drill ends") {
  auto nodes = running_containers();
  if (!nodes) return;
  const auto engine = nodes->engine();
  const auto ours = "label=com.docker.compose.project=" + nodes->project();
  const auto count = [&](std::vector<std::string> listing) {
    listing.insert(listing.end(), {"--quiet", "--filter", ours});
    const auto found = engine.docker(listing, engine_bound);
    REQUIRE_MESSAGE(found.ok(), found.error().message());
    return found->empty() ? 0 : 1 + std::count(found->begin(), found->end(), '\n');
  };
  // The three nodes, and what made their key.
  CHECK(count({"ps", "--all"}) == 4);
  CHECK(count({"volume", "ls"}) == 4);
  CHECK(count({"network", "ls"}) == 2);
  nodes.reset();
  CHECK(count({"ps", "--all"}) == 0);
  CHECK(count({"volume", "ls"}) == 0);
  CHECK(count({"network", "ls"}) == 0);
}
