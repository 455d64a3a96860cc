// A node made of scripts: serves Memory, Transfer and Admin on a port of its own and answers as the test says.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "quorate/v1/admin.grpc.pb.h"
#include "quorate/v1/memory.grpc.pb.h"
#include "quorate/v1/transfer.grpc.pb.h"

namespace quorate::cli::tests {

/// grpc-status-details-bin with this WriteFailure, as a node sends it.
grpc::Status write_failure(grpc::StatusCode code, v1::WriteFailure::Outcome outcome, const std::string& reason,
                           unsigned copies = 0, unsigned copies_needed = 2);
grpc::Status invalid_field(const std::string& field, const std::string& rule);
inline grpc::Status quorum_unreachable() {
  return write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::REJECTED, "quorum_unreachable");
}
inline grpc::Status indeterminate() {
  return write_failure(grpc::StatusCode::UNAVAILABLE, v1::WriteFailure::INDETERMINATE, "quorum_timeout", 1);
}

class fake_node : public v1::Memory::Service, public v1::Transfer::Service, public v1::Admin::Service {
 public:
  /// On a free port, unless one is given.
  explicit fake_node(const std::string& address = "127.0.0.1:0");
  ~fake_node() override;

  const std::string& address() const { return address_; }
  /// Stops serving.
  void stop();

  template <class Request, class Reply>
  using script = std::function<grpc::Status(const Request&, Reply*)>;
  script<v1::StoreRequest, v1::StoreReply> on_store;
  script<v1::StoreBatchRequest, v1::StoreBatchReply> on_store_batch;
  script<v1::UpdateRequest, v1::StoreReply> on_update;
  script<v1::DeleteRequest, v1::DeleteReply> on_delete;
  script<v1::GetRequest, v1::GetReply> on_get;
  script<v1::ListRequest, v1::ListReply> on_list;
  script<v1::StatusRequest, v1::StatusReply> on_status;
  script<v1::ActorsRequest, v1::ActorsReply> on_actors;
  script<v1::DigestRequest, v1::DigestReply> on_digest;
  script<v1::DrillRequest, v1::DrillReply> on_drill;
  script<v1::BackupIntoRequest, v1::BackupIntoReply> on_backup_into;
  script<v1::ImportRequest, v1::ImportReply> on_import;
  script<v1::FetchRequest, v1::FetchReply> on_fetch;
  std::vector<v1::ExportPiece> pieces;  ///< of an export; one goes on behind the piece with the cursor asked for
  // The other calls of Memory, from their one table: on_Search, on_Recall and so on.
#define QUORATE_MEMORY_CALL(method, kind) script<v1::method##Request, v1::method##Reply> on_##method;
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL

  /// Calls of each method so far.
  int calls(const std::string& method) const;

 private:
  template <class Request, class Reply>
  grpc::Status run(const char* method, const script<Request, Reply>& how, const Request* request, Reply* reply) {
    {
      const std::lock_guard lock(mutex_);
      ++calls_[method];
    }
    return how ? how(*request, reply) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no script");
  }

#define QUORATE_FAKE(name, member, request, reply)                                          \
  grpc::Status name(grpc::ServerContext*, const v1::request* in, v1::reply* out) override { \
    return run(#name, member, in, out);                                                     \
  }
  QUORATE_FAKE(Store, on_store, StoreRequest, StoreReply)
  QUORATE_FAKE(StoreBatch, on_store_batch, StoreBatchRequest, StoreBatchReply)
  QUORATE_FAKE(Update, on_update, UpdateRequest, StoreReply)
  QUORATE_FAKE(Delete, on_delete, DeleteRequest, DeleteReply)
  QUORATE_FAKE(Get, on_get, GetRequest, GetReply)
  QUORATE_FAKE(List, on_list, ListRequest, ListReply)
  QUORATE_FAKE(Status, on_status, StatusRequest, StatusReply)
  QUORATE_FAKE(Actors, on_actors, ActorsRequest, ActorsReply)
  QUORATE_FAKE(Digest, on_digest, DigestRequest, DigestReply)
  QUORATE_FAKE(Drill, on_drill, DrillRequest, DrillReply)
  QUORATE_FAKE(BackupInto, on_backup_into, BackupIntoRequest, BackupIntoReply)
  QUORATE_FAKE(Import, on_import, ImportRequest, ImportReply)
  QUORATE_FAKE(Fetch, on_fetch, FetchRequest, FetchReply)
#define QUORATE_MEMORY_CALL(method, kind) QUORATE_FAKE(method, on_##method, method##Request, method##Reply)
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL
#undef QUORATE_FAKE
  grpc::Status Export(grpc::ServerContext*, const v1::ExportRequest* in,
                      grpc::ServerWriter<v1::ExportPiece>* out) override;

  mutable std::mutex mutex_;
  std::map<std::string, int> calls_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

/// Answers every store as durable on two of two, with an id made of the title.
void accept_stores(fake_node& node);

/// Keeps what it is sent, in order of arrival; acknowledges all of it.
struct batch_log {
  std::mutex mutex;
  std::vector<std::vector<v1::MemoryRecord>> batches;
  std::map<std::string, std::string> content;  ///< newest, by namespace/title

  /// Takes a batch as a node would.
  grpc::Status take(const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply);
};

/// An address that refuses connections for as long as the program runs.
std::string dead_address();

/// What a run of the program printed and returned.
struct program_run {
  int exit = -1;
  std::string out;
  std::string err;
};
program_run run_program(std::vector<std::string> arguments, const std::string& input = {});
/// The same with --endpoints for this node.
program_run run_at(const fake_node& node, std::vector<std::string> arguments, const std::string& input = {});
/// Names of the object's keys, in their order.
std::vector<std::string> keys_of(const std::string& object);
bool one_line(const std::string& text);

/// A directory for this test's files, removed with it.
class scratch_directory {
 public:
  scratch_directory();
  ~scratch_directory();
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  /// Writes the file and returns its name.
  std::string write(const std::string& name, const std::string& text) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};
std::string read_file(const std::string& name);

}  // namespace quorate::cli::tests
