// Phase 4 on a run's page: a table of the fault classes, then each with its charts and its cycles.
#pragma once

#include "chaos/page/html.hpp"
#include "chaos/page/run_directory.hpp"

namespace quorate::page {

/// Of a run whose phase4.json was read.
markup chaos_section(const run& of);

}  // namespace quorate::page
