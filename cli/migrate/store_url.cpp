#include "cli/migrate/store_url.hpp"

#include <algorithm>
#include <array>

namespace quorate::cli::migrate {

namespace {

struct scheme {
  std::string_view text;
  store_kind kind;
};

constexpr std::array schemes{scheme{"sqlite://", store_kind::sqlite}, scheme{"postgres://", store_kind::postgres},
                             scheme{"postgresql://", store_kind::postgres}, scheme{"quorate://", store_kind::quorate},
                             scheme{"rocksdb://", store_kind::rocksdb}};

/// user:password@ and the parameter password=, with stars.
std::string without_password(std::string text) {
  const auto start = text.find("://") + 3;
  const auto query = std::min(text.find('?', start), text.size());
  // A password may hold an @ or / that should have been escaped; what is before the last @ is hidden.
  if (const auto at = text.rfind('@', query); at != std::string::npos && at >= start) {
    if (const auto colon = text.find(':', start); colon < at) text.replace(colon + 1, at - colon - 1, "***");
  }
  constexpr std::string_view parameter = "password=";
  for (auto at = text.find(parameter); at != std::string::npos; at = text.find(parameter, at)) {
    at += parameter.size();
    text.replace(at, std::min(text.find('&', at), text.size()) - at, "***");
  }
  return text;
}

}  // namespace

result<store_url> parse_store_url(const std::string& flag, const std::string& text) {
  const auto found =
      std::find_if(schemes.begin(), schemes.end(), [&](const auto& s) { return text.starts_with(s.text); });
  if (found == schemes.end()) {
    const auto colon = text.find("://");
    return status::invalid(flag, "must begin with sqlite://, postgres://, quorate:// or rocksdb://, got "
                                     + (colon == std::string::npos ? "no such beginning" : text.substr(0, colon + 3)));
  }
  const auto rest = text.substr(found->text.size());
  if (rest.empty()) return status::invalid(flag, "names no place after " + std::string(found->text));
  if (found->kind == store_kind::postgres) return store_url{found->kind, text, without_password(text)};
  return store_url{found->kind, rest, text};
}

}  // namespace quorate::cli::migrate
