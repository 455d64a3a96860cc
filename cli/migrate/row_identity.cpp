#include "cli/migrate/row_identity.hpp"

#include <charconv>

#include "cli/session.hpp"
#include "memory/transfer_row.hpp"

namespace quorate::cli::migrate {

using memory::table;

v1::TransferRow identity_row(const v1::TransferRow& row) {
  v1::TransferRow identity;
  switch (memory::table_of(row)) {
    case table::memories: identity.mutable_memory()->set_id(row.memory().id()); break;
    case table::archive: identity.mutable_archived()->mutable_memory()->set_id(row.archived().memory().id()); break;
    case table::standards: identity.mutable_standard()->set_namespace_(row.standard().namespace_()); break;
    case table::pending: identity.mutable_pending()->set_id(row.pending().id()); break;
    case table::subscriptions: identity.mutable_subscription()->set_id(row.subscription().id()); break;
    case table::links:
      identity.mutable_link()->set_source_id(row.link().source_id());
      identity.mutable_link()->set_target_id(row.link().target_id());
      identity.mutable_link()->set_relation(row.link().relation());
      break;
  }
  return identity;
}

std::string text_of_identity(const v1::TransferRow& row) { return hex(identity_row(row).SerializeAsString()); }

std::optional<v1::TransferRow> identity_from_text(std::string_view text) {
  const auto bytes = bytes_of_hex(text);
  v1::TransferRow row;
  if (!bytes || !row.ParseFromString(*bytes) || row.row_case() == v1::TransferRow::ROW_NOT_SET) return std::nullopt;
  return row;
}

std::optional<std::string> bytes_of_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int value = 0;
    if (std::from_chars(text.data() + i, text.data() + i + 2, value, 16).ptr != text.data() + i + 2)
      return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

}  // namespace quorate::cli::migrate
