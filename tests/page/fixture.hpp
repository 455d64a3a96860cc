// Made-up artefacts of a run that passes in every respect, for tests to spoil; a pure function of nothing.
#pragma once

#include <map>
#include <string>

#include "chaos/page/fields.hpp"

namespace quorate::page::test {

/// File name -> content, all files of a run.
using artefacts = std::map<std::string, json>;

artefacts good_run(const std::string& id);
/// The names of all classes.
std::vector<std::string> fault_names();
/// Writes them below `runs_directory`, in a directory called `id`, which is made.
void write_run(const std::string& runs_directory, const std::string& id, const artefacts& files);
void write_file(const std::string& path, const std::string& bytes);
std::string read_file(const std::string& path);

}  // namespace quorate::page::test
