#include "bench/recall_bench.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "bench/figures.hpp"
#include "bench/recall_data.hpp"
#include "chaos/history.hpp"
#include "chaos/local_cluster.hpp"
#include "chaos/scratch_directory.hpp"
#include "chaos/terminal.hpp"
#include "net/client.hpp"

namespace quorate::bench {
namespace {

using chaos::fixed;
using chaos::steady_us;

constexpr std::size_t batch_records = 500;
constexpr std::size_t name_spaces = 20;
constexpr std::int64_t patience_ms = 120'000;
constexpr std::uint32_t asked_for = 10;

status failed(const char* what, const net::call_result& end) {
  return {errc::unavailable, std::string(what) + ": " + end.reason + " " + end.message};
}

v1::StoreRequest made_up_record(made_up_text& text, std::size_t number) {
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_namespace_("bench-" + std::to_string(text.below(name_spaces)));
  record.set_title("record " + std::to_string(number));
  record.set_content(text.sentence(10 + text.below(40)));
  return request;
}

struct row {
  std::string what;
  std::string figure;
};

class recall_bench {
 public:
  explicit recall_bench(const recall_options& options) : options_(options) {}

  int run() {
    const auto outcome = measure();
    if (!outcome) {
      std::cerr << "quorate-bench: " << outcome.message() << std::endl;
      return 1;
    }
    if (options_.json) {
      std::cout << figures_.dump(2) << std::endl;
    } else {
      std::vector<std::vector<std::string>> rows{{"one node, limit " + std::to_string(asked_for), ""}};
      for (const auto& [what, figure] : rows_) rows.push_back({what, figure});
      std::cout << "\n" << chaos::table(rows) << std::flush;
    }
    return 0;
  }

 private:
  status measure() {
    auto scratch = chaos::scratch_directory::make(options_.directory);
    if (!scratch) return scratch.error();
    chaos::cluster_options wanted;
    wanted.program = options_.program;
    wanted.size = 1;
    wanted.scratch_parent = scratch->path();
    wanted.flags["--enable-drills"] = "";
    auto prepared = chaos::local_cluster::prepare(wanted);
    if (!prepared) return prepared.error();
    node_ = std::move(*prepared);
    if (auto started = node_->start_all(); !started) return started;
    client_ = make_client();
    if (!options_.turns.empty())
      if (auto done = measure_quality(); !done) return done;
    if (auto done = fill(); !done) return done;
    for (const auto ranker : {v1::RANKER_CLASSIC, v1::RANKER_BM25F})
      for (const bool within : {false, true})
        if (auto done = measure_recalls(ranker, within); !done) return done;
    if (auto done = measure_under_writes(); !done) return done;
    return measure_rebuild();
  }

  std::unique_ptr<net::client> make_client() const {
    return std::make_unique<net::client>(node_->addresses(), net::client_options{.timeout_ms = patience_ms});
  }

  void add(const std::string& what, const std::string& figure, const nlohmann::ordered_json& value) {
    rows_.push_back({what, figure});
    figures_[what] = value;
    if (!options_.json) std::cout << chaos::dim(what + ": " + figure) << std::endl;
  }

  void add_times(const std::string& what, const std::vector<double>& times_ms) {
    const auto p50 = percentile(times_ms, 0.5);
    const auto p99 = percentile(times_ms, 0.99);
    add(what, "p50 " + fixed(p50, 2) + " ms, p99 " + fixed(p99, 2) + " ms", {{"p50_ms", p50}, {"p99_ms", p99}});
  }

  static status store(net::client& client, v1::StoreBatchRequest&& batch, std::string* session = nullptr) {
    v1::StoreBatchReply reply;
    if (auto end = client.store_batch(batch, &reply); !end.ok()) return failed("a batch of records", end);
    for (const auto& item : reply.items())
      if (item.code() != 0) return {errc::unavailable, "a record was not stored: " + item.message()};
    if (session != nullptr && reply.items_size() > 0) *session = reply.items(reply.items_size() - 1).stored().session();
    return {};
  }

  status store_all(std::vector<v1::StoreRequest>&& records) {
    v1::StoreBatchRequest batch;
    for (std::size_t i = 0; i < records.size(); ++i) {
      *batch.add_items() = std::move(records[i]);
      if (static_cast<std::size_t>(batch.items_size()) < batch_records && i + 1 < records.size()) continue;
      if (auto stored = store(*client_, std::exchange(batch, {})); !stored) return stored;
    }
    return {};
  }

  /// The share of the evidence among the first ten, over the questions of each half of the namespaces.
  status measure_quality() {
    auto records = read_records(options_.turns);
    if (!records) return records.error();
    const auto questions = read_questions(options_.questions);
    if (!questions) return questions.error();
    if (auto stored = store_all(std::move(*records)); !stored) return stored;
    std::set<std::string> names;
    for (const auto& question : *questions) names.insert(question.name_space);
    const auto middle = std::next(names.begin(), static_cast<std::ptrdiff_t>((names.size() + 1) / 2));
    const std::set<std::string> first(names.begin(), middle);
    for (const auto ranker : {v1::RANKER_CLASSIC, v1::RANKER_BM25F}) {
      double found[2] = {0, 0};
      std::size_t asked[2] = {0, 0};
      for (const auto& question : *questions) {
        v1::RecallRequest request;
        request.set_context(question.text);
        request.mutable_filter()->set_namespace_(question.name_space);
        request.set_limit(asked_for);
        request.set_ranker(ranker);
        request.set_leave_untouched(true);
        v1::RecallReply reply;
        if (auto end = client_->call(request, &reply); !end.ok()) return failed("a recall", end);
        const auto half = first.contains(question.name_space) ? 0 : 1;
        ++asked[half];
        found[half] += share_of(question.evidence, reply);
      }
      const auto mean = [](double sum, std::size_t count) {
        return sum / static_cast<double>(std::max<std::size_t>(count, 1));
      };
      const auto one = mean(found[0], asked[0]);
      const auto other = mean(found[1], asked[1]);
      const auto all = mean(found[0] + found[1], asked[0] + asked[1]);
      add("evidence among the first 10, " + name_of(ranker),
          fixed(one, 3) + " first half, " + fixed(other, 3) + " second half, " + fixed(all, 3) + " of "
              + std::to_string(asked[0] + asked[1]),
          {{"first_half", one}, {"second_half", other}, {"all", all}, {"questions", asked[0] + asked[1]}});
    }
    return {};
  }

  static double share_of(const std::vector<std::string>& evidence, const v1::RecallReply& reply) {
    std::set<std::string> found;
    for (const auto& one : reply.found()) found.insert(one.memory().title().substr(0, one.memory().title().find(' ')));
    const auto held = std::count_if(evidence.begin(), evidence.end(), [&](const auto& e) { return found.contains(e); });
    return static_cast<double>(held) / static_cast<double>(evidence.size());
  }

  static std::string name_of(v1::Ranker ranker) { return ranker == v1::RANKER_BM25F ? "BM25F" : "classic"; }

  status fill() {
    made_up_text text(1);
    std::vector<v1::StoreRequest> records;
    for (std::size_t i = 0; i < options_.records; ++i) records.push_back(made_up_record(text, i));
    return store_all(std::move(records));
  }

  status measure_recalls(v1::Ranker ranker, bool within) {
    made_up_text text(2);
    std::vector<double> times_ms;
    // The first one waits for the index.
    for (std::size_t i = 0; i <= options_.recalls; ++i) {
      v1::RecallRequest request;
      request.set_context(text.question(3 + text.below(6)));
      if (within) request.mutable_filter()->set_namespace_("bench-" + std::to_string(text.below(name_spaces)));
      request.set_limit(asked_for);
      request.set_ranker(ranker);
      request.set_leave_untouched(true);
      v1::RecallReply reply;
      const auto start_us = steady_us();
      if (auto end = client_->call(request, &reply); !end.ok()) return failed("a recall", end);
      if (i > 0) times_ms.push_back(static_cast<double>(steady_us() - start_us) / 1'000);
      if (chaos::interrupted()) return {errc::unavailable, "interrupted"};
    }
    add_times("recall at " + chaos::grouped(options_.records) + " records, " + name_of(ranker)
                  + (within ? ", one namespace" : ", all namespaces"),
              times_ms);
    return {};
  }

  /// Writers send batches as fast as they can; meanwhile one stores a record and searches it with the session it was
  /// given: what that takes is how far the index is behind.
  status measure_under_writes() {
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> written = 0;
    std::vector<std::thread> writers;
    for (unsigned i = 0; i < options_.writers; ++i) {
      writers.emplace_back([this, i, &stop, &written] {
        const auto client = make_client();
        made_up_text text(100 + i);
        std::vector<v1::StoreBatchRequest> batches(20);
        std::size_t number = options_.records + i * 1'000'000;
        for (auto& batch : batches)
          for (std::size_t n = 0; n < batch_records; ++n) *batch.add_items() = made_up_record(text, number++);
        for (std::size_t n = 0; !stop; ++n) {
          auto batch = batches[n % batches.size()];
          if (!store(*client, std::move(batch))) return;
          written += batch_records;
        }
      });
    }
    std::vector<double> times_ms;
    std::size_t late = 0;
    const auto begin_us = steady_us();
    status outcome;
    for (std::size_t i = 0; outcome.ok() && steady_us() - begin_us < options_.seconds * 1e6; ++i) {
      v1::StoreBatchRequest one;
      auto& record = *one.add_items()->mutable_memory();
      record.set_title("probe " + std::to_string(i));
      record.set_content("probe" + std::to_string(i));
      v1::SearchRequest request;
      outcome = store(*client_, std::move(one), request.mutable_session());
      request.set_query("probe" + std::to_string(i));
      v1::SearchReply reply;
      const auto start_us = steady_us();
      const auto end = client_->call(request, &reply);
      if (end.ok() && reply.memories_size() != 1)
        outcome = {errc::internal, "a record that was stored is not found"};
      else if (!end.ok())
        ++late;
      times_ms.push_back(static_cast<double>(steady_us() - start_us) / 1'000);
    }
    const auto rate = static_cast<double>(written) * 1e6 / static_cast<double>(steady_us() - begin_us);
    stop = true;
    for (auto& writer : writers) writer.join();
    if (!outcome) return outcome;
    add("records written a second meanwhile", chaos::grouped(static_cast<std::uint64_t>(rate)), rate);
    add_times("search for what was just stored", times_ms);
    add("of these given up at the node's deadline", std::to_string(late) + " of " + std::to_string(times_ms.size()),
        late);
    return {};
  }

  /// How long until a search is answered: it waits for the index, and is repeated when the node gives up waiting.
  result<double> search_until_answered() {
    v1::SearchRequest request;
    request.set_query("nothing holds these words");
    v1::SearchReply reply;
    const auto start_us = steady_us();
    for (;;) {
      const auto end = client_->call(request, &reply);
      const auto took_us = steady_us() - start_us;
      if (end.ok()) return static_cast<double>(took_us) / 1'000;
      if (took_us > patience_ms * 1'000 || chaos::interrupted()) return failed("a search", end);
    }
  }

  status measure_rebuild() {
    const auto caught_up_ms = search_until_answered();
    if (!caught_up_ms) return caught_up_ms.error();
    add("index caught up after the last write", chaos::duration_text(*caught_up_ms), *caught_up_ms);
    v1::DrillRequest drill;
    drill.set_kill_actor("indexer");
    if (auto end = client_->drill(drill); !end.ok()) return failed("the drill", end);
    if (!died()) return {errc::unavailable, "the indexer did not die"};
    // What was there before is answered from the index as it was, until the new indexer begins; this is not.
    v1::StoreBatchRequest one;
    one.add_items()->mutable_memory()->set_title("after the death");
    one.mutable_items(0)->mutable_memory()->set_content("to be indexed");
    if (auto stored = store(*client_, std::move(one)); !stored) return stored;
    const auto built_ms = search_until_answered();
    if (!built_ms) return built_ms.error();
    v1::StatusReply state;
    if (auto end = client_->node_status(&state); !end.ok()) return failed("the status", end);
    add("index of " + chaos::grouped(state.records()) + " records built anew", chaos::duration_text(*built_ms),
        {{"records", state.records()}, {"took_ms", *built_ms}});
    return {};
  }

  bool died() {
    const auto bound_us = steady_us() + 10'000'000;
    while (steady_us() < bound_us) {
      v1::ActorsReply reply;
      if (!client_->actors(&reply).ok()) return false;
      for (const auto& actor : reply.actors())
        if (actor.name() == "indexer" && actor.restarts() > 0) return true;
    }
    return false;
  }

  const recall_options& options_;
  std::unique_ptr<chaos::local_cluster> node_;
  std::unique_ptr<net::client> client_;
  std::vector<row> rows_;
  nlohmann::ordered_json figures_;
};

}  // namespace

int run_recall_bench(const recall_options& options) { return recall_bench(options).run(); }

}  // namespace quorate::bench
