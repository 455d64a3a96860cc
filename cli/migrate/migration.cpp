#include "cli/migrate/migration.hpp"

#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/migrate/hand_over.hpp"
#include "cli/migrate/row_identity.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;

constexpr std::size_t batches_ahead_max = 4;

/// Reads batches on its own thread, a few ahead of who takes them.
class read_ahead {
 public:
  read_ahead(row_source& source, std::size_t rows_max)
      : thread_([this, &source, rows_max] {
          for (bool last = false; !last;) {
            auto batch = source.next(rows_max);
            last = !batch || !*batch;
            if (!ready_.give(std::move(batch))) return;
          }
        }) {}
  ~read_ahead() {
    ready_.close();
    thread_.join();
  }

  /// Not after the last.
  result<std::optional<row_batch>> next() { return *ready_.take(); }

 private:
  hand_over<result<std::optional<row_batch>>> ready_{batches_ahead_max};
  std::thread thread_;
};

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
}

/// Reads back the rows of a batch and compares them with what was read.
status verify(row_target& target, const row_batch& batch, std::vector<row_result>* results, report* done) {
  std::vector<v1::TransferRow> identities;
  for (std::size_t i = 0; i < batch.rows.size(); ++i)
    if ((*results)[i].end != row_end::failed) identities.push_back(identity_row(batch.rows[i]));
  const auto there = target.fetch(identities);
  if (!there) return there.error();
  std::unordered_map<std::string, hash128> hashes;
  for (const auto& row : *there) {
    const auto hash = memory::content_hash(row);
    done->target.add(hash);
    hashes.emplace(memory::identity_of(row), hash);
  }
  for (std::size_t i = 0; i < batch.rows.size(); ++i) {
    auto& one = (*results)[i];
    if (one.end == row_end::failed || one.end == row_end::kept) continue;
    const auto found = hashes.find(memory::identity_of(batch.rows[i]));
    if (found == hashes.end())
      one = {row_end::failed, "was written, and is not there"};
    else if (found->second != memory::content_hash(batch.rows[i]))
      one = {row_end::failed, "was written, and what is there differs"};
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

std::string hash_text(const v1::TransferRow& row) {
  content_digest one;
  one.add(memory::content_hash(row));
  return one.text();
}

/// Two rows of one identity, which a store that was written to at two places at once may have, cannot both be written:
/// the later one is.
void drop_repeated(row_batch* batch, report* done) {
  std::unordered_map<std::string, std::size_t> last;
  std::vector<bool> dropped(batch->rows.size());
  for (std::size_t i = 0; i < batch->rows.size(); ++i) {
    const auto [found, is_new] = last.emplace(memory::identity_of(batch->rows[i]), i);
    if (is_new) continue;
    const bool later = memory::time_of(batch->rows[i]) > memory::time_of(batch->rows[found->second]);
    const auto loser = later ? std::exchange(found->second, i) : i;
    dropped[loser] = true;
    done->error(memory::describe(batch->rows[loser]) + ": the source has a later row of the same identity");
  }
  if (last.size() == batch->rows.size()) return;
  auto& counts = done->of(batch->of);
  std::vector<v1::TransferRow> kept;
  for (std::size_t i = 0; i < batch->rows.size(); ++i) {
    if (!dropped[i]) {
      kept.push_back(std::move(batch->rows[i]));
      continue;
    }
    ++counts.read;
    ++counts.failed;
  }
  batch->rows = std::move(kept);
}

/// What was moved last of the batch, if anything was.
void remember(const row_batch& batch, const std::vector<row_result>& results, moved_sample* sample) {
  for (std::size_t i = results.size(); i-- > 0;) {
    if (results[i].end != row_end::written && results[i].end != row_end::unchanged) continue;
    sample->add({text_of_identity(batch.rows[i]), hash_text(batch.rows[i])});
    return;
  }
}

/// Whether the target still has the rows that are remembered as they were.
result<bool> still_there(row_target& target, const moved_sample& sample) {
  for (const auto& moved : sample.rows()) {
    const auto identity = identity_from_text(moved.identity);
    if (!identity) return false;
    const auto there = target.fetch({*identity});
    if (!there) return there.error();
    if (there->size() != 1 || hash_text(there->front()) != moved.hash) return false;
  }
  return true;
}

status move(row_batch& batch, row_target* target, const migration_options& options, report* done,
            moved_sample* sample) {
  if (!options.name_space.empty()) keep_namespace(options.name_space, &batch);
  drop_repeated(&batch, done);
  auto& counts = done->of(batch.of);
  counts.read += batch.rows.size() + batch.unreadable.size();
  counts.failed += batch.unreadable.size();
  for (auto& line : batch.unreadable) done->error(std::move(line));
  for (auto& line : batch.remarks) done->note(std::move(line));
  for (const auto& row : batch.rows) {
    done->bytes += row.ByteSizeLong();
    done->source.add(memory::content_hash(row));
  }
  if (target == nullptr || batch.rows.empty()) return {};
  auto results = target->write(batch.rows);
  if (!results) return results.error();
  if (options.verify)
    if (status failed = verify(*target, batch, &*results, done); !failed) return failed;
  count(batch, *results, done);
  remember(batch, *results, sample);
  ++done->batches;
  return {};
}

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
    if (*there) return earlier;
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
  read_ahead batches(source, options.batch_rows);
  for (;;) {
    auto batch = batches.next();
    if (!batch) return batch.error();
    if (!*batch) break;
    now.position = (*batch)->position;
    if (status failed = move(**batch, target, options, done, &now.sample); !failed) return failed;
    if (target != nullptr) {
      now.done = *done;
      // Without it the migration is as good, but cannot be resumed.
      if (const auto kept = file.write(now); !kept && !std::exchange(noted, true)) done->note(kept.context());
    }
    show({*done, rows_about});
  }
  if (target != nullptr) {
    if (status failed = target->finish(); !failed) return failed;
    file.remove();
    for (auto& line : target->remarks()) done->note(std::move(line));
  }
  return {};
}

}  // namespace quorate::cli::migrate
