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
