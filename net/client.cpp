#include "net/client.hpp"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "google/rpc/status.pb.h"
#include "proto/limits.hpp"
#include "proto/status.hpp"
#include "quorate/v1/admin.grpc.pb.h"
#include "quorate/v1/memory.grpc.pb.h"
#include "quorate/v1/transfer.grpc.pb.h"

namespace quorate::net {
namespace {

using std::chrono::milliseconds;
// gRPC takes deadlines as system time; converted here and nowhere else.
using steady = std::chrono::steady_clock;

// Servers allow a ping every 500 ms; a dead peer is noticed within two seconds while a call waits for it.
constexpr int keepalive_ms = 1'000;
constexpr int keepalive_timeout_ms = 1'000;
constexpr int reconnect_ms_first = 100;

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

errc errc_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK: return errc::ok;
    case grpc::StatusCode::INVALID_ARGUMENT: return errc::invalid_argument;
    case grpc::StatusCode::NOT_FOUND: return errc::not_found;
    case grpc::StatusCode::ALREADY_EXISTS: return errc::already_exists;
    case grpc::StatusCode::PERMISSION_DENIED: return errc::not_permitted;
    case grpc::StatusCode::DATA_LOSS: return errc::corruption;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return errc::deadline_exceeded;
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return errc::overloaded;
    case grpc::StatusCode::UNAVAILABLE: return errc::unavailable;
    default: return errc::internal;
  }
}

/// Codes that neither a lost connection nor an overrun deadline produces: the call was refused as a whole.
bool proves_rejection(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::DATA_LOSS: return true;
    default: return false;
  }
}

call_outcome outcome_of(v1::WriteFailure::Outcome outcome) {
  switch (outcome) {
    case v1::WriteFailure::REJECTED: return call_outcome::rejected;
    case v1::WriteFailure::SUPERSEDED: return call_outcome::superseded;
    // An outcome of a later release promises nothing that is known here.
    default: return call_outcome::indeterminate;
  }
}

call_result without_details(grpc::StatusCode code, const std::string& message) {
  call_result result;
  if (code == grpc::StatusCode::OK) return result;
  result.outcome = proves_rejection(code) ? call_outcome::rejected : call_outcome::indeterminate;
  result.code = static_cast<int>(code);
  result.reason = quorate::name_of(errc_of(code));
  result.message = one_line(message.empty() ? std::string(text_of(errc_of(code))) : message);
  return result;
}

void apply(const v1::WriteFailure& failure, call_result* result) {
  result->outcome = outcome_of(failure.outcome());
  if (!failure.reason().empty()) result->reason = failure.reason();
  result->copies = failure.copies();
  result->copies_needed = failure.copies_needed();
}

void apply(const v1::InvalidField& invalid, call_result* result) {
  result->outcome = call_outcome::rejected;
  result->reason = quorate::name_of(errc::invalid_argument);
  result->field = invalid.field();
  if (!invalid.rule().empty()) result->message = one_line(invalid.rule());
}

template <class Item>
call_result decode_item(const Item& item) {
  auto result = without_details(static_cast<grpc::StatusCode>(item.code()), item.message());
  if (item.has_write_failure()) apply(item.write_failure(), &result);
  if (item.has_invalid_field()) apply(item.invalid_field(), &result);
  return result;
}

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, reconnect_ms_first);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(limits::connect_timeout_ms));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(limits::reconnect_ms_max));
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::client_message_bytes_max));
  arguments.SetMaxSendMessageSize(static_cast<int>(limits::client_message_bytes_max));
  // Members are named by the operator; neither a proxy from the environment nor DNS text records get a say.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return arguments;
}

std::chrono::system_clock::time_point in(steady::duration left) {
  return std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(left);
}

/// One node: its channel and stubs, made at first use.
class endpoint {
 public:
  explicit endpoint(std::string address) : address_(std::move(address)) {}
  endpoint(std::string name, std::shared_ptr<grpc::Channel> channel) : address_(std::move(name)), in_process_(true) {
    adopt(std::move(channel));
  }

  const std::string& address() const { return address_; }
  v1::Memory::Stub& memory() { return *memory_; }
  v1::Transfer::Stub& transfer() { return *transfer_; }
  v1::Admin::Stub& admin() { return *admin_; }

  /// True once a connection stands. False after a failed attempt, or when none succeeded in time.
  bool connect(steady::duration patience) {
    if (in_process_) return true;
    std::call_once(opened_, [this] {
      adopt(grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), channel_arguments()));
    });
    const auto deadline = in(patience);
    auto state = channel_->GetState(true);
    while (state != GRPC_CHANNEL_READY) {
      if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN) return false;
      if (!channel_->WaitForStateChange(state, deadline)) return false;
      state = channel_->GetState(true);
    }
    return true;
  }

 private:
  void adopt(std::shared_ptr<grpc::Channel> channel) {
    channel_ = std::move(channel);
    memory_ = v1::Memory::NewStub(channel_);
    transfer_ = v1::Transfer::NewStub(channel_);
    admin_ = v1::Admin::NewStub(channel_);
  }

  std::string address_;
  bool in_process_ = false;
  std::once_flag opened_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Memory::Stub> memory_;
  std::unique_ptr<v1::Transfer::Stub> transfer_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

call_result unreachable(const std::vector<std::string>& tried) {
  auto result = without_details(grpc::StatusCode::UNAVAILABLE, "");
  result.outcome = call_outcome::rejected;
  result.reached = false;
  result.message = "cannot connect to";
  for (const auto& address : tried) result.message += (&address == &tried.front() ? " " : ", ") + address;
  result.endpoint = tried.back();
  return result;
}

enum class call_kind : std::uint8_t {
  read,
  repeatable,  ///< a write that may be made again, anywhere
  write,
};

/// The next endpoint may be asked the same.
bool moves_on(call_kind kind, const call_result& result) {
  if (kind == call_kind::write) return may_move_on(result);
  const auto code = static_cast<grpc::StatusCode>(result.code);
  // Another replica may hold good bytes where this one found damage.
  return code != grpc::StatusCode::OK && (!proves_rejection(code) || code == grpc::StatusCode::DATA_LOSS);
}

}  // namespace

std::string_view name_of(call_outcome outcome) {
  constexpr std::array<std::string_view, 4> names{"done", "rejected", "indeterminate", "superseded"};
  return names[static_cast<std::size_t>(outcome)];
}

call_result decode(const grpc::Status& answer) {
  auto result = without_details(answer.error_code(), answer.error_message());
  google::rpc::Status details;
  if (result.ok() || !details.ParseFromString(answer.error_details())) return result;
  for (const auto& detail : details.details()) {
    v1::WriteFailure failure;
    v1::InvalidField invalid;
    if (detail.UnpackTo(&failure)) apply(failure, &result);
    if (detail.UnpackTo(&invalid)) apply(invalid, &result);
  }
  return result;
}

call_result decode(const v1::StoreBatchReply::Item& item) {
  auto result = decode_item(item);
  if (result.ok()) {
    result.copies = item.stored().copies();
    result.copies_needed = item.stored().copies_needed();
  }
  return result;
}

call_result decode(const v1::ImportReply::Item& item) { return decode_item(item); }

bool may_move_on(const call_result& result) {
  const auto code = static_cast<grpc::StatusCode>(result.code);
  return result.outcome == call_outcome::rejected
         && (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED);
}

struct client::connections {
  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<endpoint>> endpoints;
  milliseconds timeout;
  std::atomic<std::size_t> preferred{0};

  std::size_t after(std::size_t index) const { return (index + 1) % endpoints.size(); }

  void avoid(std::size_t index) { preferred.compare_exchange_strong(index, after(index)); }

  /// `call(endpoint, context)` makes the call and returns its grpc::Status.
  template <class Call>
  call_result run(call_kind kind, Call call) {
    const auto deadline = steady::now() + timeout;
    std::vector<std::string> silent;
    call_result refusal;
    auto index = preferred.load();
    for (auto left = endpoints.size(); left > 0; --left, index = after(index)) {
      const auto time_left = deadline - steady::now();
      if (time_left <= steady::duration::zero()) break;
      // One that does not answer must leave time for the others.
      const auto share = time_left / static_cast<int>(left);
      auto& node = *endpoints[index];
      if (!node.connect(std::min<steady::duration>(share, milliseconds(limits::connect_timeout_ms)))) {
        silent.push_back(node.address());
        avoid(index);
        continue;
      }
      grpc::ClientContext context;
      // A write may be sent once only, so it gets all the time there is.
      context.set_deadline(in(kind == call_kind::write ? deadline - steady::now() : share));
      auto result = decode(call(node, context));
      result.endpoint = node.address();
      if (kind == call_kind::read && !result.ok()) result.outcome = call_outcome::rejected;
      if (result.ok())
        preferred.store(index);
      else if (moves_on(call_kind::read, result))
        avoid(index);
      if (!moves_on(kind, result)) return result;
      refusal = std::move(result);
    }
    if (!refusal.ok()) return refusal;
    if (silent.empty()) silent = addresses;
    return unreachable(silent);
  }

  /// The same for a call of any length, to the one endpoint that is the present favourite, or the first that can be
  /// reached. `call(endpoint)` returns how it went.
  template <class Call>
  call_result run_unbounded(Call call) {
    std::vector<std::string> silent;
    for (auto left = endpoints.size(); left > 0; --left) {
      auto& node = *endpoints[preferred.load()];
      if (!node.connect(std::min<steady::duration>(timeout, milliseconds(limits::connect_timeout_ms)))) {
        silent.push_back(node.address());
        avoid(preferred.load());
        continue;
      }
      auto result = call(node);
      if (!result.ok()) result.outcome = call_outcome::rejected;
      result.endpoint = node.address();
      return result;
    }
    return unreachable(silent);
  }

  /// `open(endpoint, context)` makes a call that is answered with a stream; `take()`, a status, is called whenever
  /// `piece` holds the next message, and may end the call.
  template <class Open, class Piece, class Take>
  call_result run_stream(Open open, Piece* piece, Take take) {
    return run_unbounded([&](endpoint& node) {
      grpc::ClientContext context;
      const auto reader = open(node, context);
      status taken;
      while (taken.ok() && reader->Read(piece)) taken = take();
      if (!taken) context.TryCancel();
      auto result = decode(reader->Finish());
      if (taken.ok()) return result;
      result = {};
      result.outcome = call_outcome::rejected;
      result.reason = quorate::name_of(taken.code());
      result.message = taken.message();
      result.code = static_cast<int>(grpc::StatusCode::ABORTED);
      return result;
    });
  }
};

client::client(std::vector<std::string> endpoints, const client_options& options)
    : connections_(std::make_unique<connections>()) {
  connections_->timeout = milliseconds(options.timeout_ms);
  for (const auto& address : endpoints) connections_->endpoints.push_back(std::make_unique<endpoint>(address));
  connections_->addresses = std::move(endpoints);
}

client::client(std::shared_ptr<grpc::Channel> channel, std::string name, const client_options& options)
    : connections_(std::make_unique<connections>()) {
  connections_->timeout = milliseconds(options.timeout_ms);
  connections_->endpoints.push_back(std::make_unique<endpoint>(name, std::move(channel)));
  connections_->addresses.push_back(std::move(name));
}

client::~client() = default;

const std::vector<std::string>& client::endpoints() const { return connections_->addresses; }

void client::avoid(const std::string& address) {
  const auto& all = connections_->addresses;
  const auto found = std::find(all.begin(), all.end(), address);
  if (found != all.end()) connections_->avoid(static_cast<std::size_t>(found - all.begin()));
}

call_result client::store(const v1::StoreRequest& request, v1::StoreReply* reply) {
  return connections_->run(call_kind::write, [&](endpoint& node, grpc::ClientContext& context) {
    return node.memory().Store(&context, request, reply);
  });
}

call_result client::store_batch(const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
  return connections_->run(call_kind::write, [&](endpoint& node, grpc::ClientContext& context) {
    return node.memory().StoreBatch(&context, request, reply);
  });
}

call_result client::update(const v1::UpdateRequest& request, v1::StoreReply* reply) {
  return connections_->run(call_kind::write, [&](endpoint& node, grpc::ClientContext& context) {
    return node.memory().Update(&context, request, reply);
  });
}

call_result client::remove(const v1::DeleteRequest& request, v1::DeleteReply* reply) {
  return connections_->run(call_kind::write, [&](endpoint& node, grpc::ClientContext& context) {
    return node.memory().Delete(&context, request, reply);
  });
}

call_result client::get(const v1::GetRequest& request, v1::GetReply* reply) {
  return connections_->run(call_kind::read, [&](endpoint& node, grpc::ClientContext& context) {
    return node.memory().Get(&context, request, reply);
  });
}

call_result client::list(const v1::ListRequest& request, v1::ListReply* reply) {
  return connections_->run(call_kind::read, [&](endpoint& node, grpc::ClientContext& context) {
    return node.memory().List(&context, request, reply);
  });
}

namespace {

/// A call that is asked only what it would do changes nothing, whatever becomes of it.
template <class Request>
call_kind kind_of(call_kind otherwise, const Request& request) {
  if constexpr (requires { request.dry_run(); })
    return request.dry_run() ? call_kind::read : otherwise;
  else
    return otherwise;
}

}  // namespace

#define QUORATE_MEMORY_CALL(method, kind)                                                  \
  call_result client::call(const v1::method##Request& request, v1::method##Reply* reply) { \
    const auto as = kind_of(call_kind::kind, request);                                     \
    return connections_->run(as, [&](endpoint& node, grpc::ClientContext& context) {       \
      return node.memory().method(&context, request, reply);                               \
    });                                                                                    \
  }
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL

call_result client::node_status(v1::StatusReply* reply) {
  return connections_->run(call_kind::read, [&](endpoint& node, grpc::ClientContext& context) {
    return node.admin().Status(&context, {}, reply);
  });
}

call_result client::actors(v1::ActorsReply* reply) {
  return connections_->run(call_kind::read, [&](endpoint& node, grpc::ClientContext& context) {
    return node.admin().Actors(&context, {}, reply);
  });
}

call_result client::digest(v1::DigestReply* reply) {
  return connections_->run(call_kind::read, [&](endpoint& node, grpc::ClientContext& context) {
    return node.admin().Digest(&context, {}, reply);
  });
}

call_result client::backup(const std::function<status(std::string_view piece)>& take) {
  v1::BackupPiece piece;
  return connections_->run_stream(
      [](endpoint& node, grpc::ClientContext& context) { return node.admin().Backup(&context, {}); }, &piece,
      [&] { return take(piece.bytes()); });
}

call_result client::export_rows(const std::string& cursor, const std::function<status(v1::ExportPiece& piece)>& take) {
  v1::ExportRequest request;
  request.set_cursor(cursor);
  v1::ExportPiece piece;
  return connections_->run_stream(
      [&](endpoint& node, grpc::ClientContext& context) { return node.transfer().Export(&context, request); }, &piece,
      [&] { return take(piece); });
}

call_result client::import_rows(const v1::ImportRequest& request, v1::ImportReply* reply) {
  return connections_->run(call_kind::repeatable, [&](endpoint& node, grpc::ClientContext& context) {
    return node.transfer().Import(&context, request, reply);
  });
}

call_result client::fetch_rows(const v1::FetchRequest& request, v1::FetchReply* reply) {
  return connections_->run(call_kind::read, [&](endpoint& node, grpc::ClientContext& context) {
    return node.transfer().Fetch(&context, request, reply);
  });
}

call_result client::back_up_into(const v1::BackupIntoRequest& request, v1::BackupIntoReply* reply) {
  return connections_->run_unbounded([&](endpoint& node) {
    grpc::ClientContext context;
    return decode(node.admin().BackupInto(&context, request, reply));
  });
}

call_result client::drill(const v1::DrillRequest& request) {
  return connections_->run(call_kind::write, [&](endpoint& node, grpc::ClientContext& context) {
    v1::DrillReply reply;
    return node.admin().Drill(&context, request, &reply);
  });
}

}  // namespace quorate::net
