#include "memory/scan.hpp"

namespace quorate::memory {

status usage_reader::read_all() {
  all_read_ = true;
  return for_each(now_, key_kind::usage, {}, [this](const record_key& key, const stored_record& stored) -> status {
    auto row = value_of<v1::UsageRow>(key, stored);
    if (!row) return row.error();
    rows_[key.bytes.substr(0, key.bytes.find('\0'))].push_back(std::move(*row));
    return {};
  });
}

result<v1::MemoryRecord> usage_reader::present(const record_key& key, const stored_record& stored) {
  if (!all_read_ && ++single_reads_ > single_reads_max)
    if (status failed = read_all(); !failed) return failed;
  if (!all_read_) return memory::present(now_, key, stored);
  auto record = value_of<v1::MemoryRecord>(key, stored);
  if (!record) return record;
  usage_total total;
  if (const auto rows = rows_.find(record->id()); rows != rows_.end())
    for (const auto& row : rows->second) add_usage(row, *record, &total);
  apply_usage(total, &*record);
  return record;
}

}  // namespace quorate::memory
