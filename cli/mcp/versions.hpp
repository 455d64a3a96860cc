// The revisions of MCP that are spoken, and what differs between them.
//
// Constants and pure functions, any thread. Legacy revisions are agreed upon by `initialize`, for the connection; a
// modern one is named in each request.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace quorate::cli::mcp {

// Ordered: later revisions compare as greater.
enum class revision : unsigned char { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

inline constexpr revision latest_legacy = revision::v2025_11_25;
/// Newest first.
inline constexpr std::array revisions{revision::v2026_07_28, revision::v2025_11_25, revision::v2025_06_18,
                                      revision::v2025_03_26, revision::v2024_11_05};

std::string_view text_of(revision which);
std::optional<revision> revision_of(std::string_view text);

constexpr bool is_modern(revision which) { return which > latest_legacy; }
/// Only one revision ever had them.
constexpr bool has_batches(revision which) { return which == revision::v2025_03_26; }
constexpr bool has_annotations(revision which) { return which >= revision::v2025_03_26; }
constexpr bool has_titles(revision which) { return which >= revision::v2025_06_18; }
constexpr bool has_structured_content(revision which) { return which >= revision::v2025_06_18; }

}  // namespace quorate::cli::mcp
