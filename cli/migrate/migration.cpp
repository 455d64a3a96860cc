#include "cli/migrate/migration.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <future>
#include <latch>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/migrate/hand_over.hpp"
#include "cli/migrate/row_identity.hpp"
#include "proto/clock.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;

constexpr std::size_t batches_ahead_max = 4;
constexpr std::chrono::milliseconds catch_up_pause(50);

const std::string* namespace_of(const v1::TransferRow& row) {
  switch (memory::table_of(row)) {
    case table::memories: return &row.memory().namespace_();
    case table::archive: return &row.archived().memory().namespace_();
    case table::standards: return &row.standard().namespace_();
    case table::pending: return &row.pending().namespace_();
    default: return nullptr;
  }
}

void keep_namespace(const std::string& wanted, row_batch* batch) {
  std::erase_if(batch->rows, [&](const auto& row) {
    const auto* name_space = namespace_of(row);
    return name_space == nullptr || *name_space != wanted;
  });
  std::erase_if(batch->unreadable,
                [&](const auto& row) { return !row.name_space.empty() && row.name_space != wanted; });
}

/// Rows on their way, and what there is to say of them so far.
struct moving_batch {
  row_batch read;
  std::vector<hash128> hashes;  ///< of the contents of `read.rows`
  report done;                  ///< of this batch only
  std::optional<moved_row> last_moved;
};

struct row_there {
  v1::TransferRow row;
  hash128 hash;  ///< of its content
};
using rows_by_identity = std::unordered_map<std::string, row_there>;

/// What is there of the rows of these identities. A cluster may answer before the node that is read has what it
/// acknowledged: as long as any of them `lags`, it is given the time that it says it takes.
template <class Lags>
result<rows_by_identity> fetch_settled(row_target& target, const std::vector<v1::TransferRow>& identities,
                                       const Lags& lags) {
  const auto give_up_us = system_clock().steady_us() + std::chrono::microseconds(target.catches_up_within()).count();
  for (;;) {
    auto there = target.fetch(identities);
    if (!there) return there.error();
    rows_by_identity found;
    for (auto& row : *there) {
      auto identity = memory::identity_of(row);
      const auto hash = memory::content_hash(row);
      found.emplace(std::move(identity), row_there{std::move(row), hash});
    }
    if (!lags(found) || system_clock().steady_us() >= give_up_us) return found;
    std::this_thread::sleep_for(catch_up_pause);
  }
}

/// Reads back the rows of a batch and compares them with what was read.
status verify(row_target& target, moving_batch* batch, std::vector<row_result>* results) {
  const auto& rows = batch->read.rows;
  std::vector<v1::TransferRow> identities;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if ((*results)[i].end != row_end::failed) identities.push_back(identity_row(rows[i]));
  const auto find = [&](const rows_by_identity& there, std::size_t i) {
    const auto found = there.find(memory::identity_of(rows[i]));
    return found == there.end() ? nullptr : &found->second;
  };
  const auto is_expected = [&](std::size_t i) {
    return (*results)[i].end == row_end::written || (*results)[i].end == row_end::unchanged;
  };
  const auto is_wrong = [&](std::size_t i, const row_there* there) {
    if (!is_expected(i)) return false;
    return there == nullptr || (there->hash != batch->hashes[i] && !memory::is_same_used_more(rows[i], there->row));
  };
  const auto there = fetch_settled(target, identities, [&](const rows_by_identity& found) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (is_wrong(i, find(found, i))) return true;
    return false;
  });
  if (!there) return there.error();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto* one = find(*there, i);
    if (one != nullptr) batch->done.target.add(one->hash);
    if (is_wrong(i, one))
      (*results)[i] = {row_end::failed,
                       one == nullptr ? "was written, and is not there" : "was written, and what is there differs"};
    else if (is_expected(i) && one->hash != batch->hashes[i])
      batch->done.note(memory::describe(rows[i]) + ": the target counts more uses of it, which stay");
  }
  return {};
}

void count(const row_batch& batch, const std::vector<row_result>& results, report* done) {
  auto& counts = done->of(batch.of);
  for (std::size_t i = 0; i < results.size(); ++i) {
    switch (results[i].end) {
      case row_end::unchanged: ++counts.unchanged; [[fallthrough]];
      case row_end::written: ++counts.written; break;
      case row_end::kept:
        ++counts.kept;
        done->note(memory::describe(batch.rows[i]) + ": the target has a later version, which stays");
        break;
      case row_end::failed:
        ++counts.failed;
        done->error(memory::describe(batch.rows[i]) + ": " + results[i].why);
        break;
    }
  }
}

std::string text_of(const hash128& hash) {
  content_digest one;
  one.add(hash);
  return one.text();
}

/// What was moved last of the batch, if anything was.
std::optional<moved_row> last_moved(const moving_batch& batch, const std::vector<row_result>& results) {
  for (std::size_t i = results.size(); i-- > 0;)
    if (results[i].end == row_end::written || results[i].end == row_end::unchanged)
      return moved_row{text_of_identity(batch.read.rows[i]), text_of(batch.hashes[i])};
  return std::nullopt;
}

/// Whether the target still has the rows that are remembered as they were. Where none are, nobody knows.
result<bool> still_there(row_target& target, const moved_sample& sample) {
  for (const auto& moved : sample.rows()) {
    const auto identity = identity_from_text(moved.identity);
    if (!identity) return false;
    const auto differs = [&](const rows_by_identity& found) {
      return found.size() != 1 || text_of(found.begin()->second.hash) != moved.hash;
    };
    const auto there = fetch_settled(target, {*identity}, differs);
    if (!there) return there.error();
    if (differs(*there)) return false;
  }
  return !sample.rows().empty();
}

/// All that needs no target.
moving_batch prepare(row_batch&& read, const migration_options& options) {
  moving_batch batch{std::move(read), {}, {}, {}};
  auto& [rows, hashes, done, last] = batch;
  if (!options.name_space.empty()) keep_namespace(options.name_space, &rows);
  auto& counts = done.of(rows.of);
  counts.read += rows.rows.size() + rows.unreadable.size();
  counts.failed += rows.unreadable.size();
  for (auto& row : rows.unreadable) done.error(std::move(row.line));
  for (auto& line : rows.remarks) done.note(std::move(line));
  hashes.reserve(rows.rows.size());
  for (const auto& row : rows.rows) {
    done.bytes += row.ByteSizeLong();
    hashes.push_back(memory::content_hash(row));
    done.source.add(hashes.back());
  }
  return batch;
}

/// Reads and prepares batches on its own thread, a few ahead of who takes them.
class read_ahead {
 public:
  read_ahead(row_source& source, const migration_options& options)
      : thread_([this, &source, &options] {
          for (;;) {
            auto batch = source.next(options.batch_rows);
            if (!batch) ready_.give(batch.error());
            if (!batch || !*batch) break;
            if (!ready_.give(prepare(std::move(**batch), options))) return;
          }
          ready_.close();
        }) {}
  ~read_ahead() {
    ready_.close();
    thread_.join();
  }

  /// Nothing at the end; not after an error.
  std::optional<result<moving_batch>> next() { return ready_.take(); }

 private:
  hand_over<result<moving_batch>> ready_{batches_ahead_max};
  std::thread thread_;
};

/// Writes what could not be written once more, when what was read before it and beside it is there.
status repeat_failed(row_target& target, const row_batch& batch, std::vector<row_result>* results) {
  std::vector<std::size_t> places;
  std::vector<v1::TransferRow> rows;
  for (std::size_t i = 0; i < results->size(); ++i)
    if ((*results)[i].for_another) {
      places.push_back(i);
      rows.push_back(batch.rows[i]);
    }
  auto ends = target.write(rows);
  if (!ends) return ends.error();
  for (std::size_t k = 0; k < places.size(); ++k) (*results)[places[k]] = std::move((*ends)[k]);
  return {};
}

bool any_for_another(const std::vector<row_result>& results) {
  return std::any_of(results.begin(), results.end(), [](const auto& one) { return one.for_another; });
}

/// On whichever thread. `before` opens when the batch before has ended; null: there was none on its way.
status write(row_target& target, bool verified, std::latch* before, moving_batch* batch) {
  if (batch->read.rows.empty()) return {};
  auto results = target.write(batch->read.rows);
  if (!results) return results.error();
  if (any_for_another(*results)) {
    if (before != nullptr) before->wait();
    if (status failed = repeat_failed(target, batch->read, &*results); !failed) return failed;
  }
  if (verified)
    if (status failed = verify(target, batch, &*results); !failed) return failed;
  count(batch->read, *results, &batch->done);
  batch->last_moved = last_moved(*batch, *results);
  ++batch->done.batches;
  return {};
}

/// Batches that are being written, each on a thread of its own, in the order in which they were read.
class writing {
 public:
  writing(row_target* target, bool verified) : target_(target), verified_(verified) {}

  /// Whether one of this table may begin: what links refer to has to be there before them.
  bool has_room_for(memory::table which) const {
    const auto most = target_ == nullptr ? 1 : target_->writes_at_once();
    return under_way_.empty() || (under_way_.size() < most && under_way_.back().batch->read.of == which);
  }
  bool empty() const { return under_way_.empty(); }

  void begin(moving_batch&& batch) {
    one next{std::make_unique<moving_batch>(std::move(batch)), std::make_shared<std::latch>(1), {}};
    const auto before = under_way_.empty() ? nullptr : under_way_.back().ended;
    const auto write_it = [this, batch = next.batch.get(), ended = next.ended, before] {
      const opened_at_end opening{*ended};
      if (target_ == nullptr) return status();
      return write(*target_, verified_, before.get(), batch);
    };
    const bool alone = target_ == nullptr || target_->writes_at_once() == 1;
    next.end = std::async(alone ? std::launch::deferred : std::launch::async, write_it);
    under_way_.push_back(std::move(next));
  }

  struct ended_batch {
    moving_batch batch;
    status end;
  };
  /// Waits for the one that began first.
  ended_batch finish_first() {
    auto first = std::move(under_way_.front());
    under_way_.pop_front();
    status end = first.end.get();
    return {std::move(*first.batch), std::move(end)};
  }

 private:
  struct opened_at_end {
    std::latch& latch;
    ~opened_at_end() { latch.count_down(); }
  };
  struct one {
    std::unique_ptr<moving_batch> batch;
    std::shared_ptr<std::latch> ended;
    std::future<status> end;  ///< whoever drops it waits
  };
  row_target* const target_;
  const bool verified_;
  std::deque<one> under_way_;
};

/// Where an earlier run of the same migration stopped, if both ends are as it left them.
result<std::optional<checkpoint>> find_start(const checkpoint_file& file, const checkpoint& now, row_target& target,
                                             report* done) {
  auto earlier = file.read();
  if (!earlier) {
    done->note("nothing to resume; began at the start");
    return earlier;
  }
  const bool same_source = earlier->source == now.source;
  if (same_source && earlier->target == now.target) {
    const auto there = still_there(target, earlier->sample);
    if (!there) return there.error();
    if (*there && target.take_over(earlier->owed)) return earlier;
  }
  done->note(std::string("the ") + (same_source ? "target" : "source") + " was changed since; began at the start");
  return std::optional<checkpoint>();
}

}  // namespace

status migrate(row_source& source, row_target* target, const checkpoint_file& file, const migration_options& options,
               const std::function<void(const migration_progress&)>& show, report* done) {
  checkpoint now;
  if (target != nullptr) {
    auto fingerprint = source.fingerprint();
    if (!fingerprint) return fingerprint.error();
    auto identity = target->identity();
    if (!identity) return identity.error();
    now.source = std::move(*fingerprint);
    now.target = std::move(*identity);
    // What a run does and does not prove must not be mixed.
    now.target += options.verify ? " verified" : "";
    now.target += options.name_space.empty() ? "" : " only " + options.name_space;
    if (options.resume) {
      auto start = find_start(file, now, *target, done);
      if (!start) return start.error();
      if (*start) {
        *done = std::move((*start)->done);
        now.sample = std::move((*start)->sample);
        source.continue_after((*start)->position);
      }
    }
  }
  if (!options.name_space.empty()) done->note("with --namespace neither links nor subscriptions are moved");
  const auto rows_about = source.rows_about();
  bool noted = false;
  writing under_way(target, options.verify);
  const auto finish_first = [&]() -> status {
    auto [batch, end] = under_way.finish_first();
    done->add(std::move(batch.done));
    if (!end) {
      // What is behind it is reported, but is not where another run may go on.
      while (!under_way.empty()) done->add(std::move(under_way.finish_first().batch.done));
      return end;
    }
    if (target != nullptr) {
      now.position = std::move(batch.read.position);
      if (batch.last_moved) now.sample.add(std::move(*batch.last_moved));
      now.owed = target->owed();
      now.done = *done;
      // Without it the migration is as good, but cannot be resumed.
      if (const auto kept = file.write(now); !kept && !std::exchange(noted, true)) done->note(kept.context());
    }
    show({*done, rows_about});
    return {};
  };
  read_ahead batches(source, options);
  status source_failed;
  while (auto batch = batches.next()) {
    if (!*batch) {
      source_failed = batch->error();
      break;
    }
    while (!under_way.has_room_for((*batch)->read.of))
      if (status failed = finish_first(); !failed) return failed;
    under_way.begin(std::move(**batch));
  }
  while (!under_way.empty())
    if (status failed = finish_first(); !failed) return failed;
  if (!source_failed) return source_failed;
  if (target != nullptr) {
    if (status failed = target->finish(); !failed) return failed;
    file.remove();
    for (auto& line : target->remarks()) done->note(std::move(line));
  }
  return {};
}

}  // namespace quorate::cli::migrate
