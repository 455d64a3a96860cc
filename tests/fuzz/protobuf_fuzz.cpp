// Bytes of peers, clients and snapshots: whatever they are, they are read or refused, and what was read is written the
// same way again. The first byte says what the rest is taken for.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "memory/agents.hpp"
#include "memory/archive.hpp"
#include "memory/counts.hpp"
#include "memory/json.hpp"
#include "memory/listing.hpp"
#include "memory/pending.hpp"
#include "memory/standards.hpp"
#include "memory/stored_value.hpp"
#include "memory/subscriptions.hpp"
#include "memory/transfer.hpp"
#include "memory/validation.hpp"
#include "proto/entry_codec.hpp"
#include "proto/session_token.hpp"
#include "quorate/v1/memory.pb.h"
#include "quorate/v1/replication.pb.h"
#include "storage/snapshot.hpp"
#include "tests/support/fake_reader.hpp"

namespace {

using namespace quorate;

constexpr std::int64_t now_ms = 1'700'000'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_entry(const std::string& bytes) {
  const auto entry = decode_entry(bytes);
  if (!entry) return;
  const auto again = decode_entry(encode(*entry));
  require(again.ok() && *again == *entry);
}

void read_frame(const std::string& bytes) {
  v1::PeerFrame frame;
  if (!frame.ParseFromString(bytes)) return;
  for (auto& value : *frame.mutable_write_backs()) {
    // Read or refused; nothing else is asked of it here.
    if (auto change = take_mutation(*value.mutable_mutation()))
      require(is_key_kind(static_cast<unsigned>(change->key.kind)));
  }
}

/// What passes the checks is stored, exported, imported: the same record comes back.
void read_store(const std::string& bytes) {
  v1::StoreRequest request;
  if (!request.ParseFromString(bytes)) return;
  const bool full = request.full_record();
  const auto record = memory::prepare(std::move(request), now_ms);
  if (!record || !full) return;
  const auto read = memory::from_json(memory::to_json(*record));
  require(read.ok());
  v1::StoreRequest again;
  again.set_full_record(true);
  *again.mutable_memory() = *read;
  const auto prepared = memory::prepare(std::move(again), now_ms);
  require(prepared.ok() && prepared->SerializeAsString() == record->SerializeAsString());
}

/// A row that a peer sent, among good ones: whatever it is, nobody who reads all rows is stopped by it, and what passes
/// the check is a record to everybody.
void read_row(const std::string& bytes) {
  if (bytes.size() < 3) return;
  const record_key key{static_cast<key_kind>(1 + static_cast<unsigned char>(bytes[0]) % 8),
                       bytes.substr(3, static_cast<unsigned char>(bytes[1]))};
  const auto rest = std::string_view(bytes).substr(3 + key.bytes.size());
  const stored_record stored{
      {1, node_id{1}},
      false,
      std::string(rest.substr(0, static_cast<unsigned char>(bytes[2]) % 64)),
      std::string(rest.substr(std::min<std::size_t>(rest.size(), static_cast<unsigned char>(bytes[2]) % 64)))};
  const bool readable = memory::is_readable(key, stored);
  if (memory::check_value(key.kind, key.bytes, stored.alias, stored.value)) require(readable);
  fake_reader rows;
  if (!key.bytes.empty()) rows.records[key] = stored;
  const auto counts = memory::count_records(rows, now_ms);
  require(counts && (key.bytes.empty() || (counts->unreadable() == 0) == readable));
  for (const auto order : {v1::LIST_ORDER_NAME, v1::LIST_ORDER_PRIORITY}) {
    v1::ListRequest request;
    request.set_order(order);
    require(memory::list(rows, *memory::prepare(request), now_ms, [] { return false; }).ok());
  }
  memory::export_walk walk(rows);
  auto piece = walk.next();
  while (piece && *piece) piece = walk.next();
  require(piece.ok());
  require(memory::list_archive(rows, {}).ok() && memory::rows_to_purge(rows, now_ms).ok());
  require(memory::list_pending(rows, "", 10).ok() && memory::list_subscriptions(rows).ok());
  require(memory::list_agents(rows, now_ms).ok() && memory::find_policy(rows, key.bytes).ok());
}

void read_update(const std::string& bytes) {
  v1::UpdateRequest request;
  if (request.ParseFromString(bytes)) static_cast<void>(memory::validate(request).ok());
}

void read_snapshot(const std::string& bytes) {
  storage::snapshot_parser parser;
  if (parser.feed(bytes, [](const storage::snapshot_row&) { return status(); }))
    static_cast<void>(parser.finish().ok());
}

void read_token(const std::string& bytes) {
  if (const auto position = parse_session_token(bytes))
    require(parse_session_token(session_token(*position)) == position);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 7) {
    case 0: read_entry(bytes); break;
    case 1: read_frame(bytes); break;
    case 2: read_store(bytes); break;
    case 3: read_update(bytes); break;
    case 4: read_snapshot(bytes); break;
    case 5: read_row(bytes); break;
    default: read_token(bytes); break;
  }
  return 0;
}
