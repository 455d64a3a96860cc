#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "chaos/command.hpp"
#include "chaos/scratch_directory.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds drill_bound(240);

struct drilled {
  int exit_code = -1;
  std::string printed;
  nlohmann::json report;
  std::string reasons;

  std::string status(const std::string& fault) const { return report["faults"][fault]["status"]; }
};

drilled drill(const std::string& planted, const std::string& fault, unsigned cycles, unsigned clients = 8,
              unsigned seed = 1) {
  auto scratch = scratch_directory::make();
  REQUIRE(scratch.ok());
  const auto out = scratch->path() + "/out";
  const auto ended =
      run_to_end({{CHAOS_PROGRAM, "drill", "--quorate", PLANTED_PROGRAM, "--node-env", "QUORATE_PLANTED=" + planted,
                   "--fault", fault, "--cycles", std::to_string(cycles), "--clients", std::to_string(clients),
                   "--converge-within", "8", "--seed", std::to_string(seed), "--out", out},
                  "",
                  ""},
                 drill_bound);
  REQUIRE_MESSAGE(ended.ok(), ended.error().message());
  drilled done{ended->exit_code, ended->output, {}, {}};
  std::ifstream file(out + "/drill.json");
  done.report = nlohmann::json::parse(file, nullptr, false);
  REQUIRE_MESSAGE(done.report.is_object(), ended->output);
  for (const auto& cycle : done.report["cycles_by_fault"][fault])
    for (const auto& reason : cycle["reasons"]) done.reasons += reason.get<std::string>() + "\n";
  return done;
}

/// For a bug that shows only where a certain write was on its way when the fault came: with one seed after another
/// until it does, within four cycles nearly always.
drilled drill_until(const std::string& reason, const std::string& planted, const std::string& fault) {
  constexpr unsigned seeds = 3;
  drilled done;
  for (unsigned seed = 1; seed <= seeds && done.reasons.find(reason) == std::string::npos; ++seed)
    done = drill(planted, fault, 4, 24, seed);
  return done;
}

void must_fail(const drilled& done, const std::string& fault, const std::string& reason) {
  CAPTURE(done.printed);
  CAPTURE(done.reasons);
  CHECK(done.exit_code == 1);
  CHECK(done.status(fault) == "fail");
  CHECK(done.report["pass"] == false);
  CHECK(done.reasons.find(reason) != std::string::npos);
}

}  // namespace

TEST_SUITE("gate.planted") {
  TEST_CASE("a node without a planted bug passes") {
    for (const std::string fault : {"kill_primary_mid_write", "partition_minority", "power_loss"}) {
      const auto done = drill("none", fault, 2);
      CAPTURE(done.printed);
      CHECK(done.exit_code == 0);
      CHECK(done.status(fault) == "pass");
      CHECK(done.report["convergence_by_fault"][fault] == 1.0);
      CHECK(done.report["faults"][fault]["acknowledged"].get<int>() >= 200);
    }
  }

  TEST_CASE("nobody passes on what others wrote: the survivors of a kill stay different") {
    const std::string fault = "kill_primary_mid_write";
    const auto done = drill_until("digests differ", "no_relay", fault);
    must_fail(done, fault, "digests differ");
    CHECK(done.report["convergence_by_fault"][fault].get<double>() < 1);
  }

  TEST_CASE("a commit returns before it is synced: a loss of power takes acknowledged writes") {
    // Now and then what is left of a disk cannot be started on, and nobody can say what is missing.
    const std::string missing = "acknowledged, but missing";
    const auto done = drill_until(missing, "ack_before_sync", "power_loss");
    must_fail(done, "power_loss", missing);
    CHECK(done.report["faults"]["power_loss"]["lost"].get<int>() > 0);
  }

  TEST_CASE("nobody notices that an old disk was put back: the node goes on with it") {
    must_fail(drill("old_disk_unnoticed", "old_disk", 1), "old_disk", "goes on with a disk that is not its newest");
  }

  TEST_CASE("what peers say is believed: a stranger in a member's name is let in with what cannot be") {
    must_fail(drill("peers_believed", "hostile_peer", 1), "hostile_peer",
              "lets a stranger in with a hello of the disk 2^64-1");
  }

  TEST_CASE("acknowledged one copy short of the quorum: a node that is cut off says OK") {
    must_fail(drill("one_copy_less", "partition_minority", 1), "partition_minority", "while it could reach nobody");
  }

  TEST_CASE("a tombstone is forgotten by time: a deleted record comes back") {
    // By the answers alone, too: an older version is there again, on the nodes that took it over the tombstone.
    const std::string by_answers = "content of no write that may be last";
    const auto done = drill_until(by_answers, "tombstone_by_time", "partition_minority");
    must_fail(done, "partition_minority", "digests differ");
    CHECK(done.reasons.find(by_answers) != std::string::npos);
  }

  TEST_CASE("a write that was stored is called rejected: it is there") {
    const std::string fault = "partition_minority";
    const auto done = drill_until("on a: ", "rejected_after_stamp", fault);
    must_fail(done, fault, "on a: ");
    // A put that is there, or a deletion that took a record away.
    CHECK(done.report["faults"][fault]["phantom"].get<int>() + done.report["faults"][fault]["lost"].get<int>() > 0);
  }
}

}  // namespace quorate::chaos
