#include "chaos/sim/medium.hpp"

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <utility>

#include "storage/memory_store.hpp"
#include "storage/testing/faulty_disk.hpp"

namespace quorate::sim {
namespace {

namespace fs = std::filesystem;

// Small, so that a run of a minute passes through flushes and compactions.
constexpr std::size_t memtable_bytes = 128u << 10;
constexpr std::size_t cache_bytes = 1u << 20;

class memory_medium final : public medium {
 public:
  storage::store& store() override { return *store_; }
  void power_cut(std::uint64_t) override { store_->power_cut(); }
  void wipe() override { store_->wipe(); }
  void copy() override { store_->copy(); }
  void put_copy_back() override { store_->put_copy_back(); }
  void lie_about_syncs() override { store_->skip_sync = true; }

 private:
  const std::unique_ptr<storage::memory_store> store_ = storage::make_memory_store();
};

/// Where a sync costs no time, if there is such a place.
fs::path scratch() {
  auto name =
      ((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) / "quorate-sim.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory can be made like " + name);
  return name;
}

class rocks_medium final : public medium {
 public:
  rocks_medium(std::string name, std::function<void(const std::string&)> broken)
      : name_(std::move(name)), broken_(std::move(broken)), place_(scratch()) {
    reopen();
  }
  ~rocks_medium() override {
    store_.reset();
    disk_ = {};
    std::error_code ignored;
    fs::remove_all(place_, ignored);
  }

  storage::store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    auto opened = disk_->open({data().string(), {"quorate", name_}, memtable_bytes, cache_bytes, {}});
    if (opened) {
      store_ = std::move(*opened);
      return;
    }
    broken_("P1: the store of " + name_ + " cannot be opened: " + opened.error().message());
    store_ = storage::make_memory_store();
  }
  void power_cut(std::uint64_t torn) override {
    store_.reset();
    disk_->lose_power(torn);
    reopen();
  }
  void wipe() override {
    empty();
    reopen();
  }
  void copy() override {
    store_.reset();
    fs::remove_all(kept());
    fs::copy(data(), kept(), fs::copy_options::recursive);
    reopen();
  }
  void put_copy_back() override {
    empty();
    fs::copy(kept(), data(), fs::copy_options::recursive);
    reopen();
  }

 private:
  fs::path data() const { return place_ / "data"; }
  fs::path kept() const { return place_ / "kept"; }
  /// Another disk: nothing of what the old one owed is remembered either.
  void empty() {
    store_.reset();
    disk_ = std::make_unique<storage::testing::faulty_disk>();
    fs::remove_all(data());
    fs::remove_all(data().string() + ".unsynced");
  }

  const std::string name_;
  const std::function<void(const std::string&)> broken_;
  const fs::path place_;
  std::unique_ptr<storage::testing::faulty_disk> disk_ = std::make_unique<storage::testing::faulty_disk>();
  std::unique_ptr<storage::store> store_;
};

}  // namespace

std::unique_ptr<medium> in_memory() { return std::make_unique<memory_medium>(); }

std::unique_ptr<medium> on_rocks(const std::string& name, std::function<void(const std::string&)> broken) {
  return std::make_unique<rocks_medium>(name, std::move(broken));
}

}  // namespace quorate::sim
