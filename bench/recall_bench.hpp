// `quorate-bench recall`: what recalls find, how long they take, and how far the index of words is behind.
//
// One node of its own. With --turns and --questions (one JSON object a line: memory records as an import takes them;
// namespace, question, evidence = the titles' first words of the records that answer it) the share of the evidence
// among the first ten results, for the two halves of the namespaces apart, so that weights chosen on one can be judged
// on the other. Always: made-up records, questions about them, searches under writes, and the index built anew.
#pragma once

#include <cstddef>
#include <string>

namespace quorate::bench {

struct recall_options {
  std::string program;  ///< path of `quorate`
  std::string directory;
  std::string turns;      ///< file of records; empty: no quality is measured
  std::string questions;  ///< file of questions about them
  std::size_t records = 100'000;
  std::size_t recalls = 1'000;  ///< of each kind
  double seconds = 5;           ///< of writes under which searches are measured
  unsigned writers = 4;         ///< each sends batches
  bool json = false;
};

/// 0, or 1 when the node failed or a file cannot be used.
int run_recall_bench(const recall_options& options);

}  // namespace quorate::bench
