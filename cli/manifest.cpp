#include "cli/manifest.hpp"

#include <fstream>
#include <sstream>

#include "cli/sha256.hpp"

namespace quorate::cli {
namespace {

constexpr const char* seal_key = "manifest_sha256";

std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string seal_manifest(const nlohmann::ordered_json& members) {
  sha256 hash;
  hash.add(text_of(members));
  auto sealed = members;
  sealed[seal_key] = hash.take();
  return text_of(sealed);
}

std::optional<nlohmann::ordered_json> unseal_manifest(const std::string& text) {
  auto members = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!members.is_object() || members.erase(seal_key) == 0 || seal_manifest(members) != text) return std::nullopt;
  return members;
}

result<std::string> read_manifest_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return status(errc::not_found, "cannot read " + path);
  return text.str();
}

status no_manifest(const std::string& path) {
  return {errc::corruption, path + " is no manifest of a backup, or a byte of it has changed"};
}

}  // namespace quorate::cli
