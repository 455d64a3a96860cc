#include "actors/guarded_plan.hpp"

#include <exception>

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

result<std::vector<record_key>> keys_of(const net::write_request& request, const record_reader& now) {
  return guarded<std::vector<record_key>>([&] { return request.keys(now); });
}

result<std::vector<mutation>> plan_of(net::write_request& request, const record_reader& now, const version& stamp) {
  return guarded<std::vector<mutation>>([&] { return request.plan(now, stamp); });
}

}  // namespace quorate
