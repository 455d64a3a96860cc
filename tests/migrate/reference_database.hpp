// An ai-memory database file, schema version 13, made statement by statement as its reference describes it and without
// any code of ours: what a migration is tried on.
//
// Fails by an exception: it is for tests only.
#pragma once

#include <cstdint>
#include <string>

namespace quorate::reference {

/// A file with so many memories, in which every column has been used: text in many scripts, contents of 64 KiB, nested
/// metadata, times of every precision and offset, expired records, sources of all sorts. With about half as many links,
/// a twentieth as many archived rows, and some standards, pending actions and subscriptions. The same count gives the
/// same file.
void make_database(const std::string& path, std::uint64_t memories);

/// Runs statements on a file.
void run(const std::string& path, const std::string& statements);
/// The first number of the first row.
std::int64_t ask(const std::string& path, const std::string& query);

}  // namespace quorate::reference
