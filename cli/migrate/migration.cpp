#include "cli/migrate/migration.hpp"

#include <thread>
#include <unordered_map>

#include "cli/migrate/hand_over.hpp"

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
  const auto there = target.fetch(batch.rows);
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

status move(row_batch& batch, row_target* target, const migration_options& options, report* done) {
  if (!options.name_space.empty()) keep_namespace(options.name_space, &batch);
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
  ++done->batches;
  return {};
}

/// Where an earlier run of the same migration stopped, if both ends are as it left them.
result<std::optional<checkpoint>> find_start(const checkpoint_file& file, const checkpoint& now, report* done) {
  auto earlier = file.read();
  if (!earlier) {
    done->note("nothing to resume; began at the start");
  } else if (earlier->source != now.source || earlier->target != now.target) {
    done->note(std::string("the ") + (earlier->source != now.source ? "source" : "target")
               + " was changed since; began at the start");
    earlier.reset();
  }
  return earlier;
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
      auto start = find_start(file, now, done);
      if (!start) return start.error();
      if (*start) {
        *done = std::move((*start)->done);
        source.continue_after((*start)->position);
      }
    }
  }
  if (!options.name_space.empty()) done->note("with --namespace neither links nor subscriptions are moved");
  const auto rows_about = source.rows_about();
  read_ahead batches(source, options.batch_rows);
  for (;;) {
    auto batch = batches.next();
    if (!batch) return batch.error();
    if (!*batch) break;
    now.position = (*batch)->position;
    if (status failed = move(**batch, target, options, done); !failed) return failed;
    if (target != nullptr) {
      now.done = *done;
      if (status failed = file.write(now); !failed) return failed;
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
