#include "cli/mcp/versions.hpp"

namespace quorate::cli::mcp {

std::string_view text_of(revision which) {
  switch (which) {
    case revision::v2024_11_05: return "2024-11-05";
    case revision::v2025_03_26: return "2025-03-26";
    case revision::v2025_06_18: return "2025-06-18";
    case revision::v2025_11_25: return "2025-11-25";
    case revision::v2026_07_28: return "2026-07-28";
  }
  return {};
}

std::optional<revision> revision_of(std::string_view text) {
  for (const auto which : revisions)
    if (text_of(which) == text) return which;
  return std::nullopt;
}

}  // namespace quorate::cli::mcp
