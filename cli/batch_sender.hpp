// Sends records in batches, several at a time, until each has a definite end.
//
// Filled by one thread; its own threads send. Promises:
// * Two records of one key are never on their way together, so the one added later is stored later.
// * A batch stays below the node's bounds in count and bytes.
// * What was rejected or is unknown is sent again, to other nodes too, a bounded number of times: storing a whole
//   record twice is harmless, the second overwrites the first with the same.
// * Once every record of a batch has failed for want of nodes or quorum, nothing more is taken (`gave_up`).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "cli/import_report.hpp"
#include "net/client.hpp"

namespace quorate::cli {

struct import_record {
  std::uint64_t line = 0;
  v1::MemoryRecord record;
};

struct sender_options {
  std::size_t batches_in_flight = 4;
  v1::WriteQuorum write_quorum = v1::WRITE_QUORUM_DEFAULT;
  std::size_t batch_items_max = 500;
  std::size_t batch_bytes_max = 1u << 20;
  int attempts_max = 12;
  std::int64_t backoff_ms_min = 50;
  std::int64_t backoff_ms_max = 1'000;
};

class batch_sender {
 public:
  batch_sender(net::client& client, import_report& report, const sender_options& options);
  /// Ends the threads; what was not finished is dropped unreported, so call `finish` first.
  ~batch_sender();
  batch_sender(const batch_sender&) = delete;
  batch_sender& operator=(const batch_sender&) = delete;

  /// Takes the record over. Waits while the pipeline is full or an earlier record of its key is on its way. False
  /// once the sender has given up: the record was not taken.
  bool add(import_record&& record);
  /// Sends what has been taken without waiting for a full batch.
  void flush();
  /// Sends what is left and waits until every record taken has been reported.
  void finish();
  bool gave_up() const;

 private:
  struct batch {
    std::vector<import_record> records;
    std::vector<std::string> keys;
    std::size_t bytes = 0;
  };
  struct attempt {
    std::vector<import_record> left;     ///< to be sent again
    std::vector<net::call_result> whys;  ///< of those
    std::size_t settled = 0;             ///< acknowledged, or failed for a reason of its own
  };

  void work();
  void send(batch&& work);
  attempt send_once(std::vector<import_record>&& records);
  attempt settle(std::vector<import_record>&& records, const v1::StoreBatchReply& reply, const std::string& endpoint);
  void report_failed(const import_record& record, const net::call_result& why);
  bool pause(int attempts_made);

  net::client& client_;
  import_report& report_;
  const sender_options options_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  batch open_;  ///< the one being filled; of the filling thread alone
  std::deque<batch> waiting_;
  std::unordered_set<std::string> busy_keys_;  ///< of all batches not yet finished, the open one included
  std::size_t unfinished_ = 0;                 ///< batches waiting or being sent
  bool gave_up_ = false;
  bool stopping_ = false;
  std::minstd_rand jitter_;
  std::vector<std::thread> threads_;
};

}  // namespace quorate::cli
