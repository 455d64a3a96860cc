#include "actors/guarded_store.hpp"

namespace quorate {
namespace {

class guarded_verification final : public storage::verification {
 public:
  guarded_verification(const guarded_store& store, std::unique_ptr<storage::verification> below)
      : store_(store), below_(std::move(below)) {}

  result<std::optional<std::size_t>> next() override {
    auto read = below_->next();
    if (!read) return store_.judged(read.error());
    return read;
  }

 private:
  const guarded_store& store_;
  const std::unique_ptr<storage::verification> below_;
};

class guarded_snapshot final : public snapshot_reading {
 public:
  guarded_snapshot(const guarded_store& store, std::unique_ptr<snapshot_reading> below)
      : store_(store), below_(std::move(below)) {}

  result<std::string> next() override {
    auto block = below_->next();
    if (!block) return store_.judged(block.error());
    return block;
  }

 private:
  const guarded_store& store_;
  const std::unique_ptr<snapshot_reading> below_;
};

}  // namespace

class guarded_store::guarded_view final : public record_reader {
 public:
  guarded_view(const guarded_store& store, std::unique_ptr<record_reader> below)
      : store_(store), below_(std::move(below)) {}

  result<std::optional<stored_record>> get(const record_key& key) const override {
    return store_.guarded([&] { return below_->get(key); });
  }
  result<std::vector<record_key>> find(key_kind kind, std::string_view alias) const override {
    return store_.guarded([&] { return below_->find(kind, alias); });
  }
  result<std::vector<std::string>> aliases_with_prefix(key_kind kind, std::string_view prefix,
                                                       std::size_t count_max) const override {
    return store_.guarded([&] { return below_->aliases_with_prefix(kind, prefix, count_max); });
  }
  result<record_page> scan(key_kind kind, std::string_view prefix, std::string_view after, std::size_t count_max,
                           std::size_t bytes_max) const override {
    return store_.guarded([&] { return below_->scan(kind, prefix, after, count_max, bytes_max); });
  }

 private:
  const guarded_store& store_;
  const std::unique_ptr<record_reader> below_;
};

std::unique_ptr<record_reader> guarded_store::view() const {
  auto below = below_->view();
  if (!below) return nullptr;
  return std::make_unique<guarded_view>(*this, std::move(below));
}

std::unique_ptr<snapshot_reading> guarded_store::snapshot() const {
  auto below = below_->snapshot();
  if (!below) return nullptr;
  return std::make_unique<guarded_snapshot>(*this, std::move(below));
}

std::unique_ptr<storage::verification> guarded_store::verify() const {
  auto below = below_->verify();
  if (!below) return nullptr;
  return std::make_unique<guarded_verification>(*this, std::move(below));
}

status guarded_store::judged(status outcome) const {
  if (outcome.code() == errc::corruption && !damaged_.exchange(true)) on_damage_(outcome);
  return outcome;
}

}  // namespace quorate
