#include "cli/migrate/migration.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "chaos/scratch_directory.hpp"

namespace quorate::cli::migrate {
namespace {

v1::TransferRow row_of(int number, const std::string& content = "c") {
  v1::TransferRow row;
  row.mutable_memory()->set_id(std::to_string(number));
  row.mutable_memory()->set_namespace_(number % 2 == 0 ? "even" : "odd");
  row.mutable_memory()->set_content(content);
  return row;
}

/// Rows 0 to `count` - 1; may end with an error before one of them.
class counted_source final : public row_source {
 public:
  explicit counted_source(int count, std::optional<int> broken_at = {}) : count_(count), broken_at_(broken_at) {}
  result<std::optional<row_batch>> next(std::size_t rows_max) override {
    row_batch batch;
    for (; at_ < count_ && batch.rows.size() < rows_max; ++at_) {
      if (at_ == broken_at_ && !batch.rows.empty()) break;
      if (at_ == broken_at_) return status(errc::unavailable, "the source is gone");
      batch.rows.push_back(row_of(at_));
    }
    if (batch.rows.empty()) return std::optional<row_batch>();
    batch.position = std::to_string(at_);
    batch.unreadable = std::exchange(unreadable, {});
    return std::optional(std::move(batch));
  }
  void continue_after(std::string position) override { at_ = std::stoi(position); }
  result<std::string> fingerprint() override { return print; }
  std::uint64_t rows_about() override { return static_cast<std::uint64_t>(count_); }

  std::string print = "source";
  std::vector<unreadable_row> unreadable;  ///< told with the first batch

 private:
  const int count_;
  const std::optional<int> broken_at_;
  int at_ = 0;
};

class kept_target final : public row_target {
 public:
  result<std::vector<row_result>> write(const std::vector<v1::TransferRow>& rows) override {
    std::vector<row_result> results;
    for (const auto& row : rows) {
      const auto id = row.memory().id();
      ++writes;
      if (refused.contains(id)) {
        results.push_back({row_end::failed, refused[id], for_another});
        continue;
      }
      const bool same = there.contains(id);
      if (!lost.contains(id)) there[id] = changed.contains(id) ? row_of(std::stoi(id), changed[id]) : row;
      results.push_back({same ? row_end::unchanged : row_end::written, {}});
    }
    if (refused_once) refused.clear();
    return results;
  }
  result<std::vector<v1::TransferRow>> fetch(const std::vector<v1::TransferRow>& rows) override {
    const bool lags = fetches_behind > 0 && fetches_behind-- > 0;
    std::vector<v1::TransferRow> found;
    for (const auto& row : rows) {
      const auto one = there.find(row.memory().id());
      if (one == there.end() || (lags && behind == row.memory().id())) continue;
      found.push_back(lags ? row_of(std::stoi(one->first), "before") : one->second);
      if (const auto uses = used.find(one->first); uses != used.end()) {
        found.back().mutable_memory()->set_access_count(uses->second);
        found.back().mutable_memory()->set_priority(9);
      }
    }
    return found;
  }
  std::chrono::milliseconds catches_up_within() const override { return lag_max; }
  result<std::string> identity() override { return name; }
  status finish() override { return end; }
  std::string owed() const override { return debt; }
  bool take_over(const std::string& owed) override {
    taken_over = owed;
    return owed != "illegible";
  }

  std::map<std::string, v1::TransferRow> there;
  std::map<std::string, std::string> refused;  ///< ids and why
  bool for_another = false;                    ///< why they are refused
  bool refused_once = false;                   ///< by the first call only
  std::map<std::string, std::string> changed;  ///< ids and the content they get instead
  std::map<std::string, int> lost;             ///< ids that are said to be written and are not
  std::map<std::string, int> used;             ///< ids and how often
  int fetches_behind = 0;                      ///< the next so many answers are old ones
  std::string behind;                          ///< id that is not there in those
  std::chrono::milliseconds lag_max{0};
  std::string name = "target";
  std::string debt;
  std::string taken_over;
  status end;
  int writes = 0;
};

/// Takes two batches at a time; `before_write` is called with each, on the thread that writes it.
class busy_target final : public row_target {
 public:
  std::size_t writes_at_once() const override { return 2; }
  result<std::vector<row_result>> write(const std::vector<v1::TransferRow>& rows) override {
    if (before_write) before_write(rows);
    const std::lock_guard lock(mutex_);
    if (rows.front().memory().id() == broken_at) return status(errc::unavailable, "the target is gone");
    auto results = kept.write(rows);
    changed_.notify_all();
    return results;
  }
  result<std::vector<v1::TransferRow>> fetch(const std::vector<v1::TransferRow>& rows) override {
    const std::lock_guard lock(mutex_);
    return kept.fetch(rows);
  }
  result<std::string> identity() override { return kept.name; }

  /// False when that takes too long.
  template <class Condition>
  bool wait_until(Condition holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), holds);
  }

  std::function<void(const std::vector<v1::TransferRow>&)> before_write;
  std::string broken_at;
  kept_target kept;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct fixture {
  chaos::scratch_directory directory = std::move(*chaos::scratch_directory::make());
  migration_options options{10, {}, false, true};
  report done;

  fixture() { ::setenv("XDG_STATE_HOME", directory.path().c_str(), 1); }
  checkpoint_file file() const { return {"from", "to"}; }
  status run(row_source& source, row_target* target) {
    done = {};
    return migrate(
        source, target, file(), options, [](const migration_progress&) {}, &done);
  }
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "all rows are moved and proved equal") {
  counted_source source(95);
  kept_target target;
  REQUIRE(run(source, &target));
  CHECK(target.there.size() == 95);
  CHECK(done.batches == 10);
  CHECK(done.total().written == 95);
  CHECK(done.total().unchanged == 0);
  CHECK(done.source.text() == done.target.text());
  CHECK(done.errors.empty());
  CHECK_FALSE(file().read());  // it is not needed any more
  const auto digest = done.source.text();
  counted_source again(95);
  REQUIRE(run(again, &target));
  CHECK(done.total().written == 95);
  CHECK(done.total().unchanged == 95);
  CHECK(done.source.text() == digest);
}

TEST_CASE_FIXTURE(fixture, "a target that says it wrote what it did not is found out, row by row") {
  counted_source source(30);
  kept_target target;
  target.lost["7"];
  target.changed["8"] = "x";
  target.refused["9"] = "no";
  REQUIRE(run(source, &target));
  CHECK(done.errors
        == std::vector<std::string>{"memory 7: was written, and is not there",
                                    "memory 8: was written, and what is there differs", "memory 9: no"});
  CHECK(done.total().written == 27);
  CHECK(done.total().failed == 3);
  CHECK(done.source.text() != done.target.text());
}

TEST_CASE_FIXTURE(fixture, "uses that the target counts beyond those of the source are no difference") {
  counted_source source(30);
  kept_target target;
  target.used["7"] = 3;
  REQUIRE(run(source, &target));
  CHECK(done.total().failed == 0);
  CHECK(done.total().written == 30);
  CHECK(done.notes == std::vector<std::string>{"memory 7: the target counts more uses of it, which stay"});
  CHECK(done.source.text() != done.target.text());
}

TEST_CASE_FIXTURE(fixture, "a target that says it may lag is asked again before a row is called lost or different") {
  counted_source source(30);
  kept_target target;
  target.fetches_behind = 2;
  target.behind = "4";
  SUBCASE("within its time") {
    target.lag_max = std::chrono::seconds(30);
    REQUIRE(run(source, &target));
    CHECK(done.errors.empty());
    CHECK(done.source.text() == done.target.text());
  }
  SUBCASE("one that does not") {
    REQUIRE(run(source, &target));
    CHECK(done.total().failed == 20);
    CHECK(done.errors.at(4) == "memory 4: was written, and is not there");
    CHECK(done.errors.at(5) == "memory 5: was written, and what is there differs");
  }
}

TEST_CASE_FIXTURE(fixture, "what an interrupted run owed is owed by the one that goes on") {
  kept_target target;
  target.debt = "all that a holds";
  counted_source broken(95, 57);
  REQUIRE_FALSE(run(broken, &target));
  options.resume = true;
  kept_target later;
  later.there = target.there;
  later.taken_over = "nothing";
  SUBCASE("") {
    counted_source source(95);
    REQUIRE(run(source, &later));
    CHECK(later.taken_over == "all that a holds");
    CHECK(later.writes == 95 - 57);
  }
  SUBCASE("and where that cannot be read, all is written again") {
    auto kept = file().read();
    REQUIRE(kept);
    kept->owed = "illegible";
    REQUIRE(file().write(*kept));
    counted_source source(95);
    REQUIRE(run(source, &later));
    CHECK(later.writes == 95);
  }
}

TEST_CASE_FIXTURE(fixture, "what was interrupted goes on where it was, and counts what was done before") {
  kept_target target;
  counted_source broken(95, 57);
  const auto ended = run(broken, &target);
  REQUIRE_FALSE(ended);
  CHECK(ended.code() == errc::unavailable);
  options.resume = true;
  counted_source source(95);
  target.writes = 0;
  REQUIRE(run(source, &target));
  CHECK(target.writes == 95 - 57);
  CHECK(done.total().read == 95);
  CHECK(done.total().written == 95);
  CHECK(done.source.text() == done.target.text());
  CHECK(done.notes.empty());
}

TEST_CASE_FIXTURE(fixture, "what overtakes what was read before it is not counted before it") {
  busy_target target;
  bool overtaken = false;
  target.before_write = [&](const auto& rows) {
    // The first batch fails, but only when the second is there.
    if (rows.front().memory().id() == target.broken_at)
      overtaken = target.wait_until([&] { return target.kept.there.contains("10"); });
  };
  target.broken_at = "0";
  counted_source source(95);
  REQUIRE_FALSE(run(source, &target));
  CHECK(overtaken);
  CHECK(target.kept.there.size() == 10);
  CHECK(done.total().read == 20);
  CHECK(done.total().written == 10);
  CHECK_FALSE(file().read());
  target.broken_at.clear();
  options.resume = true;
  counted_source again(95);
  REQUIRE(run(again, &target));
  CHECK(done.total().written == 95);
  CHECK(done.total().unchanged == 10);
  CHECK(done.batches == 10);
  CHECK(done.source.text() == done.target.text());
}

TEST_CASE_FIXTURE(fixture,
                  "a row that could not be written because of one before it that is on its way is written then") {
  busy_target target;
  bool tried = false;
  bool refused_for_another = true;
  SUBCASE("a name that is taken") {}
  SUBCASE("a fault of its own") { refused_for_another = false; }
  target.kept.refused["15"] = "its name is taken";
  target.kept.for_another = refused_for_another;
  target.before_write = [&](const auto& rows) {
    if (rows.front().memory().id() == "0") {
      tried = target.wait_until([&] { return target.kept.there.contains("10"); });
      target.kept.refused.clear();
    }
  };
  counted_source source(20);
  REQUIRE(run(source, &target));
  CHECK(tried);
  CHECK(target.kept.there.contains("15") == refused_for_another);
  CHECK(done.total().failed == (refused_for_another ? 0 : 1));
  CHECK(done.total().written == (refused_for_another ? 20 : 19));
}

TEST_CASE_FIXTURE(fixture, "nothing is skipped when either end is another one, or was changed") {
  const auto interrupted = [&](kept_target& target) {
    options.resume = false;
    counted_source broken(95, 57);
    REQUIRE_FALSE(run(broken, &target));
    options.resume = true;
    target.writes = 0;
  };
  kept_target target;
  interrupted(target);
  counted_source changed(95);
  changed.print = "other";
  REQUIRE(run(changed, &target));
  CHECK(target.writes == 95);
  CHECK(done.notes == std::vector<std::string>{"the source was changed since; began at the start"});

  interrupted(target);
  kept_target other;
  other.name = "other";
  counted_source source(95);
  REQUIRE(run(source, &other));
  CHECK(other.there.size() == 95);
  CHECK(done.notes == std::vector<std::string>{"the target was changed since; began at the start"});

  // What was not verified then is not verified by going on.
  options.verify = false;
  interrupted(target);
  options.verify = true;
  counted_source unchanged(95);
  REQUIRE(run(unchanged, &target));
  CHECK(target.writes == 95);

  counted_source nothing(95);
  REQUIRE(run(nothing, &target));
  CHECK(done.notes == std::vector<std::string>{"nothing to resume; began at the start"});
}

TEST_CASE_FIXTURE(fixture, "nothing is skipped where nothing is remembered that shows the target to be the same") {
  kept_target target;
  for (int i = 0; i < 57; ++i) target.refused[std::to_string(i)] = "no";
  counted_source broken(95, 57);
  REQUIRE_FALSE(run(broken, &target));
  REQUIRE(file().read());
  options.resume = true;
  target.refused.clear();
  counted_source source(95);
  REQUIRE(run(source, &target));
  CHECK(target.there.size() == 95);
}

TEST_CASE_FIXTURE(fixture,
                  "nothing is skipped when another store has taken the target's name, or an older copy of it") {
  kept_target target;
  counted_source broken(95, 57);
  REQUIRE_FALSE(run(broken, &target));
  options.resume = true;
  SUBCASE("an empty one") { target.there.clear(); }
  SUBCASE("an older one") { target.there.erase("56"); }
  SUBCASE("one that lacks the beginning") { target.there.erase("9"); }
  counted_source source(95);
  target.writes = 0;
  REQUIRE(run(source, &target));
  CHECK(target.writes == 95);
  CHECK(target.there.size() == 95);
  CHECK(done.notes == std::vector<std::string>{"the target was changed since; began at the start"});
}

TEST_CASE("a sample of what was moved stays small, and has the first part and the last row") {
  moved_sample sample;
  for (int i = 0; i < 10'000; ++i) {
    sample.add({std::to_string(i), ""});
    REQUIRE(sample.rows().size() <= 64);
    REQUIRE(sample.rows().back().identity == std::to_string(i));
  }
  CHECK(sample.rows().size() > 30);
  CHECK(std::stoi(sample.rows().front().identity) < 500);
}

TEST_CASE_FIXTURE(fixture, "without a place for its progress a migration is as good, and says so once") {
  ::setenv("XDG_STATE_HOME", "/proc/none", 1);
  counted_source source(95);
  kept_target target;
  REQUIRE(run(source, &target));
  CHECK(target.there.size() == 95);
  REQUIRE(done.notes.size() == 1);
  CHECK(done.notes[0].find("cannot keep the progress in /proc/none") == 0);
}

TEST_CASE_FIXTURE(fixture, "a target that cannot promise what it found ends the migration") {
  counted_source source(5);
  kept_target target;
  target.end = status(errc::quorum_timeout, "on 1 of 2");
  CHECK(run(source, &target).code() == errc::quorum_timeout);
  CHECK(file().read());
}

TEST_CASE_FIXTURE(fixture, "a dry run only reads; one namespace is moved alone") {
  counted_source source(20);
  REQUIRE(run(source, nullptr));
  CHECK(done.total().read == 20);
  CHECK(done.total().written == 0);
  CHECK_FALSE(file().read());
  options.name_space = "odd";
  counted_source same(20);
  same.unreadable = {{"of this one", "odd"}, {"of another", "even"}, {"of some", {}}};
  kept_target target;
  REQUIRE(run(same, &target));
  CHECK(target.there.size() == 10);
  CHECK(done.total().read == 12);
  CHECK(done.errors == std::vector<std::string>{"of this one", "of some"});
}

TEST_CASE_FIXTURE(fixture, "a row that could not be written because of one behind it in its batch is written then") {
  kept_target target;
  target.refused["5"] = "its name is taken";
  target.refused_once = true;
  SUBCASE("") { target.for_another = true; }
  SUBCASE("not for a fault of its own") {}
  counted_source source(10);
  REQUIRE(run(source, &target));
  CHECK(target.there.contains("5") == target.for_another);
  CHECK(done.total().failed == (target.for_another ? 0 : 1));
}

TEST_CASE_FIXTURE(fixture, "a checkpoint that is no checkpoint is none") {
  kept_target target;
  counted_source broken(95, 57);
  REQUIRE_FALSE(run(broken, &target));
  REQUIRE(file().read());
  CHECK(file().read()->position == "57");
  CHECK(file().read()->done.total().written == 57);
  CHECK(std::system(("printf '{\"done\":{}}' > " + file().path()).c_str()) == 0);
  CHECK_FALSE(file().read());
  CHECK(std::system((": > " + file().path()).c_str()) == 0);
  CHECK_FALSE(file().read());
}

TEST_CASE("messages are kept up to a number, and all are counted") {
  report done;
  for (std::size_t i = 0; i < messages_kept_max + 5; ++i) done.error("x");
  CHECK(done.errors.size() == messages_kept_max);
  CHECK(done.errors_all == messages_kept_max + 5);
}

}  // namespace quorate::cli::migrate
