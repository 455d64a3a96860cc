#include "cli/migrate/row_merge.hpp"

#include <string>
#include <unordered_map>

namespace quorate::cli::migrate {

namespace {

row_end end_of(const v1::TransferRow& row, const v1::TransferRow& there) {
  if (memory::content_hash(row) == memory::content_hash(there)) return row_end::unchanged;
  return memory::time_of(there) > memory::time_of(row) ? row_end::kept : row_end::written;
}

}  // namespace

std::vector<row_result> compare_rows(const std::vector<v1::TransferRow>& rows,
                                     const std::vector<v1::TransferRow>& there) {
  std::unordered_map<std::string, const v1::TransferRow*> by_identity;
  for (const auto& row : there) by_identity.emplace(memory::identity_of(row), &row);
  std::vector<row_result> results(rows.size());
  if (by_identity.empty()) return results;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (const auto found = by_identity.find(memory::identity_of(rows[i])); found != by_identity.end())
      results[i].end = end_of(rows[i], *found->second);
  return results;
}

}  // namespace quorate::cli::migrate
