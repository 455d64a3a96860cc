// Reads through a database and finds what does not match its checksums.
//
// First every table, as a file: the checksum that the manifest keeps of it covers all its bytes, index, filter and
// footer included, and they are asked of the disk, not of what is in memory. Then every row, through the database: what
// went wrong in memory before it was written has the file's checksum, but not its own. The write-ahead log and the
// manifest are checked when they are next read, at opening; until then memory holds what they say.
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/metadata.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/rocks_internal.hpp"
#include "storage/rocks_status.hpp"
#include "storage/sums_journal.hpp"

namespace quorate::storage {

namespace {

std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

class database_reading final : public verification {
 public:
  database_reading(const rocks_database& db, std::string directory) : db_(db), directory_(std::move(directory)) {
    db_->GetLiveFilesMetaData(&tables_);
  }

  result<std::optional<std::size_t>> next() override {
    if (file_) return next_bytes();
    if (!tables_.empty()) return open_table();
    if (family_ < families) return next_rows();
    return std::optional<std::size_t>();
  }

 private:
  using step = result<std::optional<std::size_t>>;

  const rocksdb::LiveFileMetaData& table() const { return tables_.back(); }
  std::string path() const { return table().db_path + table().name; }

  void close_table() {
    file_.reset();
    sum_.reset();
    tables_.pop_back();
  }

  step open_table() {
    if (auto s = db_->GetEnv()->NewRandomAccessFile(path(), &file_, rocksdb::EnvOptions()); !s.ok()) return missing(s);
    // What is in memory may be right though the disk is not. Where it cannot be dropped, memory is what is checked.
    file_->InvalidateCache(0, 0).PermitUncheckedError();
    offset_ = 0;
    rocksdb::FileChecksumGenContext context;
    context.file_name = path();
    context.requested_checksum_func_name = table().file_checksum_func_name;
    const auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
    sum_ = factory->CreateFileChecksumGenerator(context);
    if (!sum_ || table().file_checksum_func_name != sum_->Name()) return whole_table();
    return next_bytes();
  }

  /// Tables of before the manifest kept checksums have one for each of their blocks.
  step whole_table() {
    rocksdb::Options options;
    options.env = db_->GetEnv();
    rocksdb::BlockBasedTableOptions blocks;
    blocks.no_block_cache = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
    rocksdb::SstFileReader reader(options);
    auto s = reader.Open(path());
    if (s.ok()) s = reader.VerifyChecksum(rocksdb::ReadOptions());
    if (!s.ok()) return missing(s);
    const auto bytes = table().size;
    close_table();
    return std::optional(std::max<std::size_t>(bytes, 1));
  }

  step next_bytes() {
    buffer_.resize(limits::verify_step_bytes);
    rocksdb::Slice bytes;
    if (auto s = file_->Read(offset_, buffer_.size(), &bytes, buffer_.data()); !s.ok()) return missing(s);
    sum_->Update(bytes.data(), bytes.size());
    offset_ += bytes.size();
    const auto taken = bytes.size();
    if (taken < buffer_.size()) {
      sum_->Finalize();
      if (offset_ != table().size) return damaged(path() + " has another size than it was written with");
      if (sum_->GetChecksum() != table().file_checksum) return damaged(path() + " does not match its checksum");
      close_table();
    }
    return std::optional(std::max<std::size_t>(taken, 1));
  }

  /// Unless the table is one that is no longer needed: then it may go at any time.
  step missing(const rocksdb::Status& why) {
    std::vector<rocksdb::LiveFileMetaData> live;
    db_->GetLiveFilesMetaData(&live);
    const bool needed =
        std::any_of(live.begin(), live.end(), [this](const auto& one) { return one.name == table().name; });
    if (!needed) {
      close_table();
      return std::optional<std::size_t>(1);
    }
    const auto error = translate(why, directory_);
    if (error.context().find(table().name) != std::string::npos) return error;
    return status(error.code(), error.context() + " in " + path());
  }

  /// A stretch of one column family, with an iterator of its own: one that is kept would keep old tables.
  step next_rows() {
    const auto which = static_cast<family>(family_);
    auto options = iterator_options();
    options.fill_cache = false;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options, db_[which]));
    if (next_key_.empty())
      rows->SeekToFirst();
    else
      rows->Seek(next_key_);
    std::size_t bytes = 1;
    sums_reader sums;
    for (; rows->Valid(); rows->Next()) {
      // The sums make sense together only, and are few.
      if (which != family::meta && bytes >= limits::verify_step_bytes) {
        next_key_.assign(rows->key().data(), rows->key().size());
        return std::optional(bytes);
      }
      bytes += rows->key().size() + rows->value().size();
      if (auto s = check_row(which, view(rows->key()), view(rows->value()), sums); !s) return s;
    }
    if (auto s = rows->status(); !s.ok()) return translate(s, directory_);
    ++family_;
    next_key_.clear();
    return std::optional(bytes);
  }

  status check_row(family which, std::string_view key, std::string_view value, sums_reader& sums) const {
    switch (which) {
      case family::meta:
        if (auto s = sums.add(key, value); !s) return damaged(s.context());
        return {};
      case family::records:
        if (!parse_record_key(key)) return damaged("a stored key has an unknown form");
        if (const auto record = decode_record(key, value); !record) return damaged(record.error().context());
        return {};
      case family::aliases: return {};  // it proposes, the record decides
      case family::log:
        if (!parse_log_key(key)) return damaged("the key of an entry has an unknown form");
        if (!decode_log_value(key, value)) return damaged("an entry of a log does not match its checksum");
        return {};
    }
    return {};
  }

  status damaged(const std::string& what) const { return {errc::corruption, directory_ + " is damaged: " + what}; }

  const rocks_database& db_;
  const std::string directory_;

  std::vector<rocksdb::LiveFileMetaData> tables_;  ///< still to be read, the one being read last
  std::unique_ptr<rocksdb::RandomAccessFile> file_;
  std::unique_ptr<rocksdb::FileChecksumGenerator> sum_;
  std::uint64_t offset_ = 0;
  std::string buffer_;

  std::size_t family_ = 0;
  std::string next_key_;  ///< empty: the family's first
};

}  // namespace

std::unique_ptr<verification> verify_database(const rocks_database& database, const std::string& directory) {
  return std::make_unique<database_reading>(database, directory);
}

}  // namespace quorate::storage
