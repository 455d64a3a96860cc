// `quorate-chaos render RUNS_DIR`: a page for each run and one for all, written beside the artefacts.
//
// One call, one thread. Files appear whole or not at all (a temporary file, synced, then renamed); a failure leaves the
// earlier pages as they were.
#pragma once

#include <string>

#include "proto/status.hpp"

namespace quorate::page {

/// invalid_argument when the directory is not one of runs; internal when a page could not be written.
result<std::size_t> render(const std::string& runs_directory);
/// Says on standard output or standard error how it went. 0: written; 2: not a directory of runs; 1: anything else.
int run_render(const std::string& runs_directory);

/// Replaces `path` by `bytes` in one step.
status write_atomically(const std::string& path, const std::string& bytes);

}  // namespace quorate::page
