#include "net/transfer_service.hpp"

#include <set>

#include "memory/transfer.hpp"
#include "net/batch_call.hpp"
#include "net/message_stream.hpp"

namespace quorate::net {
namespace {

/// The rows of a view, piece by piece.
class export_source {
 public:
  export_source(std::unique_ptr<record_reader> view, std::string cursor)
      : view_(std::move(view)), walk_(std::make_unique<memory::export_walk>(*view_)), cursor_(std::move(cursor)) {}

  result<bool> next(v1::ExportPiece* piece) {
    if (cursor_)
      if (auto started = walk_->start_after(*std::exchange(cursor_, std::nullopt)); !started) return started;
    auto made = walk_->next();
    if (!made) return made.error();
    if (!*made) return false;
    *piece = std::move(**made);
    return true;
  }

 private:
  std::unique_ptr<record_reader> view_;
  std::unique_ptr<memory::export_walk> walk_;
  std::optional<std::string> cursor_;  ///< where to begin; nothing once it has
};

v1::ImportReply::Outcome outcome_of(memory::import_outcome outcome) {
  switch (outcome) {
    case memory::import_outcome::unchanged: return v1::ImportReply::UNCHANGED;
    case memory::import_outcome::kept: return v1::ImportReply::KEPT;
    case memory::import_outcome::written: break;
  }
  return v1::ImportReply::WRITTEN;
}

struct import_change {
  v1::TransferRow row;
  memory::import_outcome outcome{};  ///< of the last plan
  std::vector<record_key> keys(const record_reader& now) const { return memory::keys_of_import(now, row); }
  result<memory::planned_write> plan(const record_reader& now, const version& stamp) {
    auto planned = memory::plan_import_row(now, row, stamp);
    if (!planned) return planned.error();
    outcome = planned->outcome;
    return memory::planned_write(std::move(*planned));
  }
  void fill(const memory::planned_write&, const write_answer&, v1::ImportReply::Item* item) const {
    item->set_outcome(outcome_of(outcome));
  }
};

status check_count(int rows) {
  if (rows > 0 && static_cast<std::size_t>(rows) <= limits::batch_items_max) return {};
  return status::invalid(
      "rows", "must be 1 to " + std::to_string(limits::batch_items_max) + " rows, got " + std::to_string(rows));
}

/// Two rows of one identity would be written in no order that anybody asked for.
status check_distinct(const v1::ImportRequest& request) {
  std::set<std::pair<memory::table, std::string>> seen;
  for (int i = 0; i < request.rows_size(); ++i) {
    const auto& row = request.rows(i);
    if (row.row_case() == v1::TransferRow::ROW_NOT_SET) continue;
    if (!seen.emplace(memory::table_of(row), memory::identity_of(row)).second)
      return status::invalid("rows", "must not hold an identity twice, row " + std::to_string(i + 1) + " does");
  }
  return {};
}

status fetch(const record_reader& now, const v1::FetchRequest& request, v1::FetchReply* reply) {
  // What a client accepts, less what a row may have on top.
  constexpr std::size_t bytes_max = limits::client_message_bytes_max - limits::entry_bytes_max;
  std::size_t bytes = 0;
  for (const auto& identity : request.rows()) {
    if (identity.row_case() == v1::TransferRow::ROW_NOT_SET)
      return status::invalid("rows", "must each be a memory, archived, standard, pending, subscription or link");
    auto row = memory::read_row(now, identity);
    if (!row) return row.error();
    if (!*row) continue;
    if (bytes > bytes_max) return status::invalid("rows", "must be fewer: these are too many bytes for one answer");
    bytes += (*row)->ByteSizeLong();
    *reply->add_rows() = std::move(**row);
  }
  return {};
}

}  // namespace

grpc::ServerWriteReactor<v1::ExportPiece>* transfer_service::Export(CallbackServerContext*,
                                                                    const v1::ExportRequest* request) {
  auto view = node_.view();
  if (!view)
    return new refused_stream<v1::ExportPiece>({errc::not_permitted, "this node's store cannot hold an instant"});
  export_source source(std::move(view), request->cursor());
  return new message_stream<v1::ExportPiece, export_source>(std::move(source), readers_, stream_patience_ms_);
}

ServerUnaryReactor* transfer_service::Import(CallbackServerContext* call, const v1::ImportRequest* request,
                                             v1::ImportReply* reply) {
  if (auto wrong = check_count(request->rows_size()); !wrong) return finish(call, to_grpc(wrong));
  if (auto wrong = check_distinct(*request); !wrong) return finish(call, to_grpc(wrong));
  const auto terms = terms_of(request->terms());
  if (!terms) return finish(call, to_grpc(terms.error()));
  // The request is ours alone until the call ends; taking its rows spares copies.
  auto& rows = *const_cast<v1::ImportRequest*>(request)->mutable_rows();
  return write_batch(node_, call, *terms, rows.size(), reply, [&](int i) -> result<sized_change<import_change>> {
    const auto bytes = rows[i].ByteSizeLong() + 512;
    auto prepared = memory::prepare_row(std::move(rows[i]));
    if (!prepared) return prepared.error();
    return sized_change<import_change>{{std::move(*prepared)}, bytes};
  });
}

ServerUnaryReactor* transfer_service::Fetch(CallbackServerContext* call, const v1::FetchRequest* request,
                                            v1::FetchReply* reply) {
  if (auto wrong = check_count(request->rows_size()); !wrong) return finish(call, to_grpc(wrong));
  return readers_.run(call, [this, request, reply] { return fetch(node_.records(), *request, reply); });
}

}  // namespace quorate::net
