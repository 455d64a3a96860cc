// The artefacts of release-gate runs as they lie on disk: RUNS_DIR/ID/*.json, and RUNS_DIR/insights.json.
//
// Read once, by the thread that renders. A file that is missing or cannot be understood is a value that says so; only
// a directory that cannot be listed is an error.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "chaos/page/fields.hpp"
#include "proto/status.hpp"

namespace quorate::page {

inline constexpr const char* summary_file = "campaign-summary.json";
inline constexpr const char* insights_file = "insights.json";
inline constexpr const char* page_file = "index.html";

/// A page holds a few hundred kilobytes; an artefact larger than this is a mistake, not evidence.
inline constexpr std::uintmax_t max_artefact_bytes = 64U << 20U;
/// JSON nested deeper than this is not ours, and would be written out by recursion.
inline constexpr int max_artefact_depth = 64;

enum class artefact_state : std::uint8_t { missing, unreadable, read };

/// One JSON object in a file.
struct artefact {
  std::string name;
  artefact_state state = artefact_state::missing;
  std::string problem;  ///< why it is unreadable
  json content;         ///< an object when read, else null

  bool is_read() const { return state == artefact_state::read; }
};

inline constexpr int phase_count = 4;

struct run {
  std::string id;  ///< name of its directory
  artefact summary;
  std::array<std::vector<artefact>, phase_count> phases;  ///< three files for phase 1, one for each other one
  std::vector<std::string> files;                         ///< all there are but the page, sorted

  const std::vector<artefact>& phase(int number) const { return phases[static_cast<std::size_t>(number - 1)]; }
};

struct runs {
  std::vector<run> all;  ///< newest first
  artefact insights;     ///< keyed by campaign
};

/// `number` from 1; what the phase is for, for headings.
std::string phase_title(int number);
/// Of a run that says when it ended; "" otherwise.
std::string completed_at(const run& of);
artefact read_artefact(const std::string& directory, const std::string& name);
run read_run(const std::string& runs_directory, const std::string& id);
/// Every directory in it that is not hidden is a run.
result<runs> read_runs(const std::string& runs_directory);

}  // namespace quorate::page
