// Manifests of backups: a JSON object in a file that tells when one byte of it has changed.
//
// The last member, `manifest_sha256`, is the SHA-256 of the file as it would be without that member. There is one way
// to write a manifest, and a file that is not written so is refused: that covers the space between members too. To
// check one by hand: jq 'del(.manifest_sha256)' FILE | sha256sum.
//
// Pure but for reading the file; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "proto/status.hpp"

namespace quorate::cli {

/// The text of a manifest with these members.
std::string seal_manifest(const nlohmann::ordered_json& members);

/// The members without the seal; nothing when the text is no manifest, has another seal or none.
std::optional<nlohmann::ordered_json> unseal_manifest(const std::string& text);

/// All of a file. not_found.
result<std::string> read_manifest_file(const std::string& path);

/// errc::corruption, for a file that is none.
status no_manifest(const std::string& path);

}  // namespace quorate::cli
