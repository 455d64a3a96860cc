// What the tools work with: the way to the nodes, who calls, the language model, the webhooks.
//
// One per run of the server, used on one thread. Connects to a node at the first call, so that a server without one can
// still say what it has. Remembers the newest write's session token and shows it with each read: whoever stores and
// then asks is answered with what was stored, also after a fail-over to another node.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/llm_client.hpp"
#include "cli/mcp/tool.hpp"
#include "cli/mcp/webhooks.hpp"
#include "cli/session.hpp"
#include "net/client.hpp"

namespace quorate::cli::mcp {

class tool_context {
 public:
  /// `run` outlives it. `model` may be null; `no_model` says why then.
  tool_context(session& run, std::unique_ptr<llm_client> model, std::string no_model);

  /// Any call of the Memory service. Not being able to connect is a call that was rejected.
  template <class Request, class Reply>
  net::call_result call(Request request, Reply* reply) {
    if constexpr (requires { request.set_session(session_); }) request.set_session(session_);
    const auto connected = connect();
    if (!connected.ok()) return connected;
    const auto done = send(*client_, request, reply);
    if (done.ok()) remember(*reply);
    return done;
  }

  /// The caller's own name for itself, as its client introduced it; from now on.
  void introduce(std::string client_name) { client_name_ = std::move(client_name); }
  /// Who acts: `given` when not empty, else the environment's agent, else one made of the client's name, the host and
  /// the process. invalid_argument for a name that breaks the rule.
  result<std::string> actor(std::string_view given) const;

  /// A null pointer without one.
  llm_client* model() { return model_.get(); }
  /// Why there is no model.
  const std::string& no_model() const { return no_model_; }

  /// Tells subscribers of a new record, later and elsewhere. Only after a call that reached a node.
  void announce(webhook_event event);

 private:
  net::call_result connect();
  static net::call_result send(net::client& to, const v1::StoreRequest& request, v1::StoreReply* reply) {
    return to.store(request, reply);
  }
  static net::call_result send(net::client& to, const v1::UpdateRequest& request, v1::StoreReply* reply) {
    return to.update(request, reply);
  }
  static net::call_result send(net::client& to, const v1::DeleteRequest& request, v1::DeleteReply* reply) {
    return to.remove(request, reply);
  }
  static net::call_result send(net::client& to, const v1::GetRequest& request, v1::GetReply* reply) {
    return to.get(request, reply);
  }
  static net::call_result send(net::client& to, const v1::ListRequest& request, v1::ListReply* reply) {
    return to.list(request, reply);
  }
  template <class Request, class Reply>
  static net::call_result send(net::client& to, const Request& request, Reply* reply) {
    return to.call(request, reply);
  }
  template <class Reply>
  void remember(const Reply& reply) {
    if constexpr (requires { reply.session(); }) {
      if (!reply.session().empty()) session_ = reply.session();
    } else if constexpr (requires { reply.receipt().session(); }) {
      if (!reply.receipt().session().empty()) session_ = reply.receipt().session();
    }
  }

  session& run_;
  std::unique_ptr<llm_client> model_;
  std::string no_model_;
  std::string client_name_;
  std::uint32_t nonce_;
  std::string session_;
  std::unique_ptr<net::client> client_;
  std::unique_ptr<webhooks> webhooks_;  // uses the client, so it goes first
};

}  // namespace quorate::cli::mcp
