#include "cli/migrate/quorate_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "cli/migrate/hand_over.hpp"
#include "cli/migrate/row_identity.hpp"
#include "net/client.hpp"
#include "proto/clock.hpp"
#include "proto/limits.hpp"

namespace quorate::cli::migrate {

namespace {

using memory::table;
using std::chrono::milliseconds;

constexpr std::size_t pieces_ahead_max = 4;
/// Rows of one call: far below what a node takes at once.
constexpr std::size_t call_bytes_max = 1u << 20;
constexpr std::size_t call_rows_max = 500;
/// While a node writes one it can parse and check the next.
constexpr std::size_t calls_at_once = 2;
constexpr int attempts_max = 12;
constexpr milliseconds first_pause(50);
constexpr milliseconds longest_pause(2'000);
constexpr milliseconds catch_up_bound(30'000);
constexpr milliseconds catch_up_pause(50);
constexpr milliseconds follow_bound(1'000);

status failed(const net::call_result& call) {
  const auto where = call.endpoint.empty() ? std::string() : call.endpoint + ": ";
  if (!call.reached) return {errc::unavailable, where + call.message + "; repeat, with --resume to go on from here"};
  if (call.reason == name_of(errc::disk_full))
    return {errc::disk_full, where + call.message + "; make room, then repeat"};
  return {errc::unavailable, where + call.message};
}

/// Of each log the last entry that somebody is known to hold.
using held_entries = std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t>;

void add(const v1::StatusReply& reply, held_entries* held) {
  for (const auto& end : reply.vector()) {
    auto& last = (*held)[{end.origin(), end.epoch()}];
    last = std::max<std::uint64_t>(last, end.sequence());
  }
}

bool covers(const v1::StatusReply& reply, held_entries wanted) {
  for (const auto& end : reply.vector())
    if (const auto found = wanted.find({end.origin(), end.epoch()});
        found != wanted.end() && found->second <= end.sequence())
      wanted.erase(found);
  return wanted.empty();
}

/// What the members say that can be asked: those at `addresses`, and the others that the first of them names.
std::vector<v1::StatusReply> ask_members(std::vector<std::string> addresses, const net::client_options& options) {
  std::vector<v1::StatusReply> members;
  // The list grows while it is walked.
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    v1::StatusReply reply;
    if (!net::client({addresses[i]}, options).node_status(&reply).ok()) continue;
    if (members.empty())
      for (const auto& peer : reply.peers())
        if (std::find(addresses.begin(), addresses.end(), peer.address()) == addresses.end())
          addresses.push_back(peer.address());
    // One may be named in two ways.
    if (std::none_of(members.begin(), members.end(), [&](const auto& one) { return one.name() == reply.name(); }))
      members.push_back(std::move(reply));
  }
  return members;
}

/// A node that holds all that the members hold together which can be asked; waits until one of `endpoints` does. So
/// nothing that was acknowledged before is unknown to it. `flag` named the endpoints.
result<std::unique_ptr<net::client>> find_whole_member(const char* flag, const std::vector<std::string>& endpoints,
                                                       const net::client_options& options) {
  auto members = ask_members(endpoints, options);
  // One that has lost its disk does not hold all that it acknowledged.
  std::erase_if(members, [](const auto& one) { return one.state() == "filling"; });
  if (members.empty()) return status::invalid(flag, "no node answers at " + endpoints.front());
  // Of those that answer one has every acknowledged write, if they and a write quorum cannot miss each other.
  const auto& any = members.front();
  if (members.size() + any.write_quorum() <= any.members())
    return status(errc::quorum_unreachable,
                  "only " + std::to_string(members.size()) + " of " + std::to_string(any.members())
                      + " members answer, which may lack writes that were acknowledged; name the others in " + flag
                      + " too, or see admin status");
  held_entries held;
  for (const auto& member : members) add(member, &held);
  const auto give_up_us = system_clock().steady_us() + std::chrono::microseconds(catch_up_bound).count();
  do {
    for (const auto& endpoint : endpoints) {
      auto client = std::make_unique<net::client>(std::vector<std::string>{endpoint}, options);
      v1::StatusReply reply;
      if (client->node_status(&reply).ok() && reply.state() != "filling" && covers(reply, held)) return client;
    }
    std::this_thread::sleep_for(catch_up_pause);
  } while (system_clock().steady_us() < give_up_us);
  return status(errc::behind,
                std::string("no node of ") + flag + " holds yet all that the members hold together; see admin status");
}

/// The node that a target is asked at, until it fails. Any thread.
class node_choice {
 public:
  /// Always this one.
  explicit node_choice(std::shared_ptr<net::client> only) : chosen_(std::move(only)) {}
  node_choice(std::vector<std::string> endpoints, const net::client_options& options)
      : endpoints_(std::move(endpoints)), options_(options) {}

  /// Chooses one when there is none: one that lags would take an older row for the later one.
  result<std::shared_ptr<net::client>> now() {
    const std::lock_guard lock(mutex_);
    if (chosen_) return chosen_;
    auto found = find_whole_member("--to", endpoints_, options_);
    if (!found) return found.error();
    chosen_ = std::move(*found);
    return chosen_;
  }

  /// It failed: at the next choice the others come first.
  void leave(const std::shared_ptr<net::client>& node) {
    const std::lock_guard lock(mutex_);
    if (endpoints_.empty() || chosen_ != node) return;
    const auto place = std::find(endpoints_.begin(), endpoints_.end(), node->endpoints().front());
    if (place != endpoints_.end()) std::rotate(place, place + 1, endpoints_.end());
    chosen_.reset();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> endpoints_;
  const net::client_options options_{};
  std::shared_ptr<net::client> chosen_;
};

/// A client, and the node behind it when that is in this process.
struct connection {
  std::unique_ptr<embedded_node> node;
  std::unique_ptr<net::client> client;
  std::string place;  ///< of a data directory: which one
};

std::string line_of(const v1::LeftOut& one) {
  const auto text = [](const v1::RecordName& name) { return name.namespace_() + '/' + name.title(); };
  if (!one.unreadable().empty())
    return one.unreadable() + ' ' + one.id() + (one.has_name() ? " (" + text(one.name()) + ')' : "")
           + ": its value is no record and is not moved: delete or overwrite it";
  return "memory " + one.id() + ": names the later record " + text(one.later()) + "; the other of that id, "
         + text(one.name()) + ", is not moved: delete one of the two by its name";
}

class quorate_source final : public row_source {
 public:
  explicit quorate_source(connection&& from) : from_(std::move(from)) {}
  ~quorate_source() override {
    pieces_.close();
    if (reader_.joinable()) reader_.join();
  }

  result<std::optional<row_batch>> next(std::size_t rows_max) override {
    if (!reader_.joinable()) reader_ = std::thread([this] { read(); });
    row_batch batch;  // of memories, unless there is something of another table
    while (at_ == piece_.rows_size() && batch.unreadable.empty()) {
      if (piece_begun_) before_ = piece_.cursor();
      auto piece = pieces_.take();
      if (!piece && !end_.ok()) return failed(end_);
      if (!piece) return std::optional<row_batch>();
      piece_ = std::move(*piece);
      piece_begun_ = true;
      at_ = std::exchange(skip_, 0);
      if (at_ > piece_.rows_size()) return status(errc::internal, "the export does not go on where it was");
      // With the first rows of a piece; an earlier run told it if it had dealt with these.
      if (at_ == 0)
        for (const auto& one : piece_.left_out()) {
          batch.unreadable.push_back({line_of(one), one.name().namespace_()});
          for (const auto which : memory::all_tables)
            if (memory::name_of(which) == one.unreadable()) batch.of = which;
        }
    }
    if (at_ < piece_.rows_size()) batch.of = memory::table_of(piece_.rows(at_));
    while (at_ < piece_.rows_size() && batch.rows.size() < rows_max && memory::table_of(piece_.rows(at_)) == batch.of)
      batch.rows.push_back(std::move(*piece_.mutable_rows(at_++)));
    const bool whole = at_ == piece_.rows_size();
    batch.position = whole ? hex(piece_.cursor()) + ":0" : hex(before_) + ':' + std::to_string(at_);
    return std::optional(std::move(batch));
  }

  /// The cursor before a piece, and how many rows of the piece were dealt with.
  void continue_after(std::string position) override {
    const auto colon = std::min(position.find(':'), position.size());
    before_ = bytes_of_hex(std::string_view(position).substr(0, colon)).value_or(std::string());
    if (colon < position.size()) std::from_chars(position.data() + colon + 1, position.data() + position.size(), skip_);
  }

  result<std::string> fingerprint() override {
    v1::DigestReply digest;
    if (const auto call = from_.client->digest(&digest); !call.ok()) return failed(call);
    return hex(digest.root());
  }

  std::uint64_t rows_about() override {
    v1::StatusReply reply;
    return from_.client->node_status(&reply).ok() ? reply.records() : 0;
  }

 private:
  void read() {
    end_ = from_.client->export_rows(before_, [this](v1::ExportPiece& piece) {
      return pieces_.give(std::move(piece)) ? status() : status(errc::unavailable, "no more is wanted");
    });
    pieces_.close();
  }

  connection from_;
  hand_over<v1::ExportPiece> pieces_{pieces_ahead_max};
  v1::ExportPiece piece_;
  std::string before_;  ///< cursor before `piece_`
  int at_ = 0;          ///< rows of `piece_` that were dealt with
  int skip_ = 0;        ///< of the first piece of a resumed export
  bool piece_begun_ = false;
  net::call_result end_;  ///< of the export; set before `pieces_` is closed
  std::thread reader_;
};

class quorate_target final : public row_target {
 public:
  quorate_target(std::vector<std::string> endpoints, const net::client_options& options)
      : endpoints_(std::move(endpoints)), options_(options), nodes_(endpoints_, options) {}
  quorate_target(connection&& directory, const net::client_options& options)
      : place_(std::move(directory.place)),
        embedded_(std::move(directory.node)),
        options_(options),
        nodes_(std::move(directory.client)) {}

  status choose() {
    const auto node = nodes_.now();
    return node ? status() : node.error();
  }

  result<std::vector<row_result>> write(const std::vector<v1::TransferRow>& rows) override {
    std::vector<row_result> results(rows.size());
    for (std::size_t first = 0; first < rows.size();) {
      const auto last = end_of_call(rows, first);
      if (status wrong = import(rows, first, last, &results); !wrong) return wrong;
      first = last;
    }
    return results;
  }

  std::size_t writes_at_once() const override { return calls_at_once; }

  result<std::vector<v1::TransferRow>> fetch(const std::vector<v1::TransferRow>& rows) override {
    std::vector<v1::TransferRow> there;
    for (std::size_t first = 0; first < rows.size();) {
      const auto last = end_of_call(rows, first);
      if (status failed = fetch(rows, first, last, &there); !failed) return failed;
      first = last;
    }
    return there;
  }

  result<std::string> identity() override {
    if (endpoints_.empty()) return place_;
    v1::StatusReply reply;
    const auto call = ask([&](net::client& node) { return node.node_status(&reply); });
    if (!call) return call.error();
    return call->ok() ? result<std::string>(reply.cluster_id()) : failed(*call);
  }

  std::chrono::milliseconds catches_up_within() const override {
    return endpoints_.empty() ? milliseconds(0) : follow_bound;
  }

  /// What was found, and the write quorum.
  std::string owed() const override {
    const std::lock_guard lock(found_mutex_);
    if (found_.empty()) return {};
    v1::StatusReply all;
    all.set_write_quorum(write_quorum_);
    for (const auto& [log, sequence] : found_) {
      auto& end = *all.add_vector();
      end.set_origin(log.first);
      end.set_epoch(log.second);
      end.set_sequence(sequence);
    }
    return hex(all.SerializeAsString());
  }

  bool take_over(const std::string& owed) override {
    const auto bytes = bytes_of_hex(owed);
    v1::StatusReply all;
    if (!bytes || !all.ParseFromString(*bytes)) return false;
    const std::lock_guard lock(found_mutex_);
    add(all, &found_);
    write_quorum_ = all.write_quorum();
    return true;
  }

  /// In the end as many members as a write needs have to hold what was found.
  status finish() override {
    if (found_.empty()) return {};
    std::uint32_t copies = 0;
    const auto give_up_us = system_clock().steady_us() + std::chrono::microseconds(catch_up_bound).count();
    do {
      copies = 0;
      for (const auto& reply : ask_members(endpoints_, options_))
        if (reply.state() != "filling" && covers(reply, found_)) ++copies;
      if (copies >= write_quorum_) return {};
      std::this_thread::sleep_for(catch_up_pause);
    } while (system_clock().steady_us() < give_up_us);
    return {errc::quorum_timeout,
            "all rows are on " + std::to_string(copies) + " of " + std::to_string(write_quorum_)
                + " members that are needed; they will follow when they are back. See admin status"};
  }

 private:
  /// A row that was there before is known of the node only that said so: an earlier import that came to no quorum may
  /// have left it there. What that node holds now includes it.
  status remember_found(const v1::ImportReply& reply, net::client& asked) {
    const bool any_found = std::any_of(reply.items().begin(), reply.items().end(), [](const auto& item) {
      return item.code() == 0
             && (item.outcome() == v1::ImportReply::UNCHANGED || item.outcome() == v1::ImportReply::KEPT);
    });
    if (endpoints_.empty() || !any_found) return {};
    v1::StatusReply node;
    if (const auto call = asked.node_status(&node); !call.ok()) return failed(call);
    const std::lock_guard lock(found_mutex_);
    add(node, &found_);
    write_quorum_ = node.write_quorum();
    return {};
  }

  /// Rows there may be larger than those that were sent: then half of them at a time.
  status fetch(const std::vector<v1::TransferRow>& rows, std::size_t first, std::size_t last,
               std::vector<v1::TransferRow>* there) {
    constexpr int invalid_argument = 3;
    v1::FetchRequest request;
    for (std::size_t i = first; i < last; ++i) *request.add_rows() = identity_row(rows[i]);
    v1::FetchReply reply;
    const auto call = ask([&](net::client& node) {
      reply.Clear();
      return node.fetch_rows(request, &reply);
    });
    if (!call) return call.error();
    if (call->code == invalid_argument && last - first > 1) {
      const auto middle = first + (last - first) / 2;
      if (status failed = fetch(rows, first, middle, there); !failed) return failed;
      return fetch(rows, middle, last, there);
    }
    if (!call->ok()) return failed(*call);
    for (auto& row : *reply.mutable_rows()) there->push_back(std::move(row));
    return {};
  }

  static std::size_t end_of_call(const std::vector<v1::TransferRow>& rows, std::size_t first) {
    std::size_t bytes = 0;
    std::size_t last = first;
    while (last < rows.size() && last - first < call_rows_max && (last == first || bytes < call_bytes_max))
      bytes += rows[last++].ByteSizeLong();
    return last;
  }

  /// DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE: another time it may be done.
  static bool may_be_repeated(int code) { return code == 4 || code == 8 || code == 10 || code == 14; }

  /// Asks one node after another until one gives an answer that another would give, too.
  template <class Call>
  result<net::call_result> ask(Call call) {
    auto pause = first_pause;
    status why;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      if (attempt > 0) wait_longer(&pause);
      const auto node = nodes_.now();
      if (!node) {
        why = node.error();
        continue;
      }
      auto answer = call(**node);
      if (answer.ok() || (answer.reached && !may_be_repeated(answer.code))) return answer;
      why = failed(answer);
      nodes_.leave(*node);
    }
    return why;
  }

  static void wait_longer(milliseconds* pause) {
    std::this_thread::sleep_for(*pause);
    *pause = std::min(*pause * 2, longest_pause);
  }

  /// Until each row has a definite end; rows that no node takes end the migration.
  status import(const std::vector<v1::TransferRow>& rows, std::size_t first, std::size_t last,
                std::vector<row_result>* results) {
    std::vector<std::size_t> left;
    for (std::size_t i = first; i < last; ++i) {
      // Larger than anything a node can write, and perhaps than it can be sent.
      if (rows[i].ByteSizeLong() > limits::entry_bytes_max)
        (*results)[i] = {row_end::failed, "has " + std::to_string(rows[i].ByteSizeLong()) + " bytes, of which at most "
                                              + std::to_string(limits::entry_bytes_max) + " fit here"};
      else
        left.push_back(i);
    }
    auto pause = first_pause;
    status why;
    for (int attempt = 0; attempt < attempts_max && !left.empty(); ++attempt) {
      if (attempt > 0) wait_longer(&pause);
      const auto node = nodes_.now();
      if (!node) {
        why = node.error();
        continue;
      }
      v1::ImportRequest request;
      for (const auto i : left) *request.add_rows() = rows[i];
      v1::ImportReply reply;
      const auto call = (*node)->import_rows(request, &reply);
      if (!call.ok()) {
        why = failed(call);
        if (call.reached && !may_be_repeated(call.code)) return why;
        nodes_.leave(*node);
        continue;
      }
      if (reply.items_size() != static_cast<int>(left.size()))
        return {errc::internal, "the node's answer is not about what it was asked"};
      // From a node that cannot be asked any more nothing is known: another one is given the rows.
      if (status lost = remember_found(reply, **node); !lost) {
        why = lost;
        nodes_.leave(*node);
        continue;
      }
      std::vector<std::size_t> again;
      for (std::size_t k = 0; k < left.size(); ++k) {
        const auto& item = reply.items(static_cast<int>(k));
        if (item.write_failure().reason() == name_of(errc::disk_full))
          return {errc::disk_full, item.message() + "; make room, then repeat"};
        if (may_be_repeated(item.code())) {
          why = status(errc::unavailable, item.message());
          again.push_back(left[k]);
        } else {
          (*results)[left[k]] = end_of(item);
        }
      }
      left = std::move(again);
      // It answers, but has no quorum, drains, or is full of work: perhaps another one has not.
      if (!left.empty()) nodes_.leave(*node);
    }
    return left.empty() ? status() : why;
  }

  static row_result end_of(const v1::ImportReply::Item& item) {
    if (item.code() != 0) {
      constexpr int not_found = 5;
      constexpr int already_exists = 6;
      const auto field = item.invalid_field().field();
      return {row_end::failed, field.empty() ? item.message() : field + ' ' + item.invalid_field().rule(),
              item.code() == not_found || item.code() == already_exists};
    }
    switch (item.outcome()) {
      case v1::ImportReply::UNCHANGED: return {row_end::unchanged, {}};
      case v1::ImportReply::KEPT: return {row_end::kept, {}};
      default: return {row_end::written, {}};
    }
  }

  const std::string place_;                        ///< of a data directory: which one
  const std::unique_ptr<embedded_node> embedded_;  ///< of a data directory; outlives its client
  const std::vector<std::string> endpoints_;       ///< of the cluster; none for a data directory
  const net::client_options options_;
  node_choice nodes_;
  mutable std::mutex found_mutex_;
  held_entries found_;  ///< what the nodes held that had rows already
  std::uint32_t write_quorum_ = 0;
};

result<connection> open(const node_parts& parts, const std::string& directory, const net::client_options& options) {
  if (!parts.open_embedded) return status::invalid("rocksdb://", "this program was built without a node");
  auto node = parts.open_embedded(directory);
  if (!node) return node.error();
  auto client = std::make_unique<net::client>((*node)->channel(), directory, options);
  struct stat facts {};
  if (::stat(directory.c_str(), &facts) != 0) return status(errc::storage_failure, "cannot look at " + directory);
  return connection{std::move(*node), std::move(client),
                    std::to_string(facts.st_dev) + '/' + std::to_string(facts.st_ino)};
}

}  // namespace

result<std::unique_ptr<row_source>> open_cluster_source(const std::vector<std::string>& endpoints,
                                                        const net::client_options& options) {
  auto client = find_whole_member("--from", endpoints, options);
  if (!client) return client.error();
  return std::make_unique<quorate_source>(connection{nullptr, std::move(*client), {}});
}

result<std::unique_ptr<row_target>> open_cluster_target(const std::vector<std::string>& endpoints,
                                                        const net::client_options& options) {
  auto target = std::make_unique<quorate_target>(endpoints, options);
  if (status unusable = target->choose(); !unusable) return unusable;
  return target;
}

result<std::unique_ptr<row_source>> open_directory_source(const node_parts& parts, const std::string& directory,
                                                          const net::client_options& options) {
  // Opening makes what is not there.
  struct stat facts {};
  if (::stat((directory + "/CURRENT").c_str(), &facts) != 0)
    return status::invalid("--from", directory + " is no data directory");
  auto opened = open(parts, directory, options);
  if (!opened) return opened.error();
  return std::make_unique<quorate_source>(std::move(*opened));
}

result<std::unique_ptr<row_target>> open_directory_target(const node_parts& parts, const std::string& directory,
                                                          const net::client_options& options) {
  auto opened = open(parts, directory, options);
  if (!opened) return opened.error();
  return std::make_unique<quorate_target>(std::move(*opened), options);
}

}  // namespace quorate::cli::migrate
