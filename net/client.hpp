// A blocking client of the Memory, Transfer and Admin services that fails over between endpoints.
//
// Owned by whoever calls; every method may be called from any thread. Connects at the first call, stays with the
// endpoint that answered last. A call ends within its timeout, fail-over included.
//
// Promise: a write is sent to a second endpoint only when it is certain that the first one did not do it: no
// connection came up, or the node itself said REJECTED. Anything else that is not an answer is reported as
// indeterminate and left to the caller. Reads go on to the next endpoint until one gives a definite answer; so does
// what is harmless to repeat.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/status.hpp"
#include "quorate/v1/admin.pb.h"
#include "quorate/v1/memory.pb.h"
#include "quorate/v1/transfer.pb.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace quorate::net {

/// What is known of a call. For reads only `done` and `rejected` occur.
enum class call_outcome : std::uint8_t {
  done,
  rejected,       ///< certainly not done, now and for ever
  indeterminate,  ///< may have been done, or may still be
  superseded,     ///< durable, but a newer version was already there
};

/// "done", "rejected", "indeterminate", "superseded".
std::string_view name_of(call_outcome outcome);

/// How a call ended, for a decision and for a person.
struct [[nodiscard]] call_result {
  call_outcome outcome = call_outcome::done;
  int code = 0;          ///< gRPC status code
  std::string reason;    ///< a name of the error table; empty when done
  std::string field;     ///< the field that broke a rule; empty otherwise
  std::string message;   ///< one line, without the field
  std::string endpoint;  ///< who answered, or was asked last
  std::uint32_t copies = 0;
  std::uint32_t copies_needed = 0;  ///< 0 when the answer did not say
  bool reached = true;              ///< false: no connection came up, nothing was sent

  bool ok() const { return outcome == call_outcome::done; }
};

/// Reads `grpc-status-details-bin` (google.rpc.Status with WriteFailure or InvalidField). Without details of ours a
/// code that the library can make too proves nothing: indeterminate.
call_result decode(const grpc::Status& answer);

/// The same for one item of a batch.
call_result decode(const v1::StoreBatchReply::Item& item);
call_result decode(const v1::ImportReply::Item& item);

/// The write was certainly not done and another node may take it.
bool may_move_on(const call_result& result);

struct client_options {
  std::int64_t timeout_ms = 5'000;  ///< of each call, all endpoints together
};

class client {
 public:
  /// `endpoints` are host:port, at least one.
  client(std::vector<std::string> endpoints, const client_options& options);
  /// Over a channel that needs no connection; `name` stands for the endpoint in messages.
  client(std::shared_ptr<grpc::Channel> channel, std::string name, const client_options& options);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  const std::vector<std::string>& endpoints() const;

  /// Asks another endpoint first from now on, if this one is the present favourite.
  void avoid(const std::string& endpoint);

  call_result store(const v1::StoreRequest& request, v1::StoreReply* reply);
  call_result store_batch(const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply);
  call_result update(const v1::UpdateRequest& request, v1::StoreReply* reply);
  call_result remove(const v1::DeleteRequest& request, v1::DeleteReply* reply);

  call_result get(const v1::GetRequest& request, v1::GetReply* reply);
  call_result list(const v1::ListRequest& request, v1::ListReply* reply);

  /// The other calls of the service: `call(const SearchRequest&, SearchReply*)` and so on (proto/memory_calls.def).
#define QUORATE_MEMORY_CALL(method, kind) \
  call_result call(const v1::method##Request& request, v1::method##Reply* reply);
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL

  /// All rows of one endpoint, the present favourite, behind the cursor of a piece that was taken before (empty = all):
  /// as `backup`.
  call_result export_rows(const std::string& cursor, const std::function<status(v1::ExportPiece& piece)>& take);
  /// Asked of the next endpoint when one gives no definite answer: to import a row again is harmless. Not done is what
  /// is still indeterminate then.
  call_result import_rows(const v1::ImportRequest& request, v1::ImportReply* reply);
  call_result fetch_rows(const v1::FetchRequest& request, v1::FetchReply* reply);

  call_result node_status(v1::StatusReply* reply);
  call_result actors(v1::ActorsReply* reply);
  call_result digest(v1::DigestReply* reply);
  /// All that one endpoint, the present favourite, holds: `take` is given it piece by piece and may end it with an
  /// error. Has no timeout: a connection that goes silent is found dead by its pings.
  call_result backup(const std::function<status(std::string_view piece)>& take);
  /// Has that endpoint add to its own backups. No timeout either; sent once.
  call_result back_up_into(const v1::BackupIntoRequest& request, v1::BackupIntoReply* reply);
  /// Treated as a write: never sent twice.
  call_result drill(const v1::DrillRequest& request);

 private:
  struct connections;
  std::unique_ptr<connections> connections_;
};

}  // namespace quorate::net
