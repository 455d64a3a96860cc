#include "memory/scan.hpp"

namespace quorate::memory {

status usage_reader::read_all() {
  all_read_ = true;
  return for_each(now_, key_kind::usage, {}, [this](const record_key& key, const stored_record& stored) -> status {
    v1::UsageRow row;
    if (!row.ParseFromString(stored.value)) return {errc::corruption, "a stored value is not a usage row"};
    rows_[key.bytes.substr(0, key.bytes.find('\0'))].push_back(std::move(row));
    return {};
  });
}

result<v1::MemoryRecord> usage_reader::present(const stored_record& stored) {
  if (!all_read_ && ++single_reads_ > single_reads_max)
    if (status failed = read_all(); !failed) return failed;
  if (!all_read_) return memory::present(now_, stored);
  v1::MemoryRecord record;
  if (!record.ParseFromString(stored.value)) return status(errc::corruption, "a stored value is not a memory record");
  usage_total total;
  if (const auto rows = rows_.find(record.id()); rows != rows_.end())
    for (const auto& row : rows->second) add_usage(row, record, &total);
  apply_usage(total, &record);
  return record;
}

}  // namespace quorate::memory
