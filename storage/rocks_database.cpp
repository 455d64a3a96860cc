#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "storage/keys.hpp"
#include "storage/rocks_internal.hpp"

namespace quorate::storage {

namespace {

constexpr std::size_t memtable_bytes_min = 64u << 10;  // the library takes no less
constexpr int open_files_max = 256;
constexpr std::size_t warning_bytes_max = 1'024;

/// When space runs out RocksDB polls for more and goes on by itself, which no option turns off. Here a failed write is
/// final; and a database that is closed while it polls now and then waits for ever (7.8).
class no_recovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

/// In place of RocksDB's own file of messages, which lies beside the data: the first message after one that found no
/// space ends the program there (7.8, built with assertions).
class warnings final : public rocksdb::Logger {
 public:
  explicit warnings(std::function<void(bool, const std::string&)> to)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), to_(std::move(to)) {}

  using Logger::Logv;
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    if (!to_ || level < GetInfoLogLevel() || level >= rocksdb::InfoLogLevel::HEADER_LEVEL) return;
    std::array<char, warning_bytes_max> line;
    const int length = std::vsnprintf(line.data(), line.size(), format, values);
    if (length > 0)
      to_(level >= rocksdb::InfoLogLevel::ERROR_LEVEL,
          {line.data(), std::min(static_cast<std::size_t>(length), line.size() - 1)});
  }

 private:
  const std::function<void(bool, const std::string&)> to_;
};

/// Kind and alias of an alias key, so that filters answer "no such alias" without a search.
class alias_prefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "quorate.alias"; }
  bool InDomain(const rocksdb::Slice& key) const override {
    return alias_prefix_length({key.data(), key.size()}).has_value();
  }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), *alias_prefix_length({key.data(), key.size()})};
  }
};

rocksdb::ColumnFamilyOptions family_options(std::size_t memtable_bytes, std::size_t budget,
                                            const std::shared_ptr<rocksdb::Cache>& cache, bool filtered) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // within the cache's bound, not beside it
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = std::max(memtable_bytes, memtable_bytes_min);
  // A compaction writes a multiple of these before it frees anything: they go by the budget, as the reserve of free
  // space does (disk_space.cpp).
  options.target_file_size_base = std::max(budget, memtable_bytes_min);
  options.max_bytes_for_level_base = 4 * options.target_file_size_base;
  if (filtered) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.memtable_prefix_bloom_size_ratio = 0.1;
    options.memtable_whole_key_filtering = true;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

rocks_database::rocks_database(std::unique_ptr<rocksdb::DB> db,
                               const std::vector<rocksdb::ColumnFamilyHandle*>& handles)
    : db_(std::move(db)) {
  std::copy_n(handles.begin(), families, handles_.begin());
}

rocks_database::rocks_database(rocks_database&&) noexcept = default;

rocks_database::~rocks_database() {
  if (!db_) return;
  // Both only report a null handle or an unfinished background error, which the store has reported as a failed write.
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

rocksdb::ReadOptions iterator_options() {
  rocksdb::ReadOptions options;
  // No range is ever deleted. Without this, RocksDB 7.8 loses the error when an iterator steps into a file whose first
  // block is damaged (fixed in 8.7): the range would just end there.
  options.ignore_range_deletions = true;
  return options;
}

rocksdb::DBOptions database_options(const rocks_options& options, rocksdb::Env* env) {
  rocksdb::DBOptions db;
  db.env = env;
  // A torn end of the log is dropped; what lies behind damage is not, the database refuses to open.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.paranoid_checks = true;
  // After a failed write nothing is tried again: what the kernel still holds is not known.
  db.max_bgerror_resume_count = 0;
  db.listeners.push_back(std::make_shared<no_recovery>());
  db.recycle_log_file_num = 0;
  // Covers every byte of a table, those between its blocks too (rocks_verify.cpp).
  db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  db.db_write_buffer_size = std::max(options.memtable_bytes, memtable_bytes_min);
  db.max_total_wal_size = 2 * db.db_write_buffer_size;
  db.manifest_preallocation_size = std::min(db.manifest_preallocation_size, db.db_write_buffer_size);
  db.max_open_files = open_files_max;
  db.max_background_jobs = 2;
  db.info_log = std::make_shared<warnings>(options.on_warning);
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const rocks_options& options) {
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  const auto bytes = options.memtable_bytes;
  auto aliases = family_options(bytes / 8, bytes, cache, true);
  aliases.prefix_extractor = std::make_shared<alias_prefix>();
  // Records fill the log a second time, and most of it is never read again: not worth a processor's time to pack.
  auto log = family_options(bytes / 2, bytes, cache, false);
  log.compression = rocksdb::kNoCompression;
  // Rows that follow each other in a log, and newer versions of one row, have their place beside the last one: no
  // search.
  log.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(log_prefix_bytes));
  auto meta = family_options(bytes / 16, bytes, cache, false);
  meta.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewNoopTransform());
  return {{rocksdb::kDefaultColumnFamilyName, meta},
          {"records", family_options(bytes / 2, bytes, cache, true)},
          {"aliases", aliases},
          {"log", log}};
}

}  // namespace quorate::storage
