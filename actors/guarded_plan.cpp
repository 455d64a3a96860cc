#include "actors/guarded_plan.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "actors/log.hpp"

namespace quorate {
namespace {

template <class Answer, class Ask>
result<Answer> guarded(Ask ask) {
  try {
    return ask();
  } catch (const std::exception& e) {
    logging::event(logging::level::error, "request.plan_threw", {{"what", e.what()}});
    return status(errc::internal, "the request could not be planned; nothing was written");
  }
}

}  // namespace

status list_keys(net::write_request& request, const record_reader& now) {
  auto named = guarded<std::vector<record_key>>([&] { return request.keys(now); });
  if (!named) return named.error();
  auto& keys = request.found.keys;
  for (auto& key : *named)
    if (std::none_of(keys.begin(), keys.end(), [&](const net::asked_key& one) { return one.key == key; }))
      keys.push_back({std::move(key), {}});
  for (auto& one : keys) {
    const auto held = now.get(one.key);
    if (!held) return held.error();
    one.known = *held ? (*held)->stamp : version{};
  }
  return {};
}

bool asked_about(const net::write_request& request, const std::vector<mutation>& changes) {
  const auto& asked = request.found.keys;
  return std::all_of(changes.begin(), changes.end(), [&](const mutation& change) {
    return std::any_of(asked.begin(), asked.end(), [&](const net::asked_key& one) { return one.key == change.key; });
  });
}

result<std::vector<mutation>> plan_of(net::write_request& request, const record_reader& now, const version& stamp) {
  return guarded<std::vector<mutation>>([&] { return request.plan(now, stamp); });
}

}  // namespace quorate
