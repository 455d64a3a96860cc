#include "net/http/gateway.hpp"

#include "net/http/gateway_state.hpp"
#include "net/http/listener.hpp"
#include "proto/clock.hpp"

namespace quorate::net::http {
namespace {

/// Takes the same time for every wrong key of one length.
bool same_key(std::string_view given, std::string_view wanted) {
  unsigned char difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    difference |= static_cast<unsigned char>((i < given.size() ? given[i] : 0) ^ wanted[i]);
  return difference == 0;
}

/// The value of api_key in a query, as it was sent.
std::string_view key_in(std::string_view query) {
  constexpr std::string_view name = "api_key=";
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    if (query.starts_with(name)) return query.substr(name.size(), end - name.size());
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

class running_gateway final : public gateway {
 public:
  running_gateway(const gateway_options& options, std::shared_ptr<grpc::Channel> channel)
      : state_(std::move(channel), options.node), key_(options.api_key) {}

  status start(const std::string& address) {
    listener_options options;
    options.address = address;
    auto listening = listen(options, {[this](const request& head) { return refuse(head); },
                                      [this](request&& whole) { return handle(whole); }});
    if (!listening) return listening.error();
    listener_ = std::move(*listening);
    return {};
  }

  const std::string& address() const override { return listener_->address(); }
  void close() override { listener_->close(); }
  void stop(std::int64_t grace_ms) override { listener_->stop(grace_ms); }

 private:
  std::optional<answer> refuse(const request& head) {
    auto found = find_route(head);
    auto refused = why_not(head, found);
    if (refused) state_.counters().count_refusal(refused->status);
    return refused;
  }

  std::optional<answer> why_not(const request& head, found_route& found) const {
    const bool open = found.served != nullptr && found.served->open;
    if (!key_.empty() && !open && !same_key(head.header("X-API-Key"), key_) && !same_key(key_in(head.query), key_))
      return error_answer(401, "missing or invalid API key");
    if (found.served == nullptr) return std::move(found.refused);
    return refuse_early(*found.served, head);
  }

  answer handle(const request& whole) {
    const auto begun = system_clock().steady_us();
    auto found = find_route(whole);
    if (found.served == nullptr) return std::move(found.refused);
    auto out = answered(*found.served, whole, std::move(found.captured));
    state_.counters().count_request(static_cast<std::size_t>(found.served - routes().data()), out.status,
                                    system_clock().steady_us() - begun);
    return out;
  }

  answer answered(const route& served, const request& whole, std::vector<std::string>&& captured) {
    auto fitted = fit(served, whole);
    if (fitted.refused) return std::move(*fitted.refused);
    return served.handle(state_, call(whole, std::move(captured), std::move(fitted.values)));
  }

  gateway_state state_;
  std::string key_;
  std::unique_ptr<listener> listener_;  ///< last: its threads use the others
};

}  // namespace

result<std::unique_ptr<gateway>> start_gateway(const gateway_options& options, std::shared_ptr<grpc::Channel> channel) {
  auto started = std::make_unique<running_gateway>(options, std::move(channel));
  if (auto listening = started->start(options.address); !listening) return listening;
  return std::unique_ptr<gateway>(std::move(started));
}

}  // namespace quorate::net::http
