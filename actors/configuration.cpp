#include "actors/configuration.hpp"

#include <algorithm>

#include "quorate/v1/replication.pb.h"

namespace quorate {

storage::member_list configuration_of(const v1::Configuration& in) {
  storage::member_list list{{in.members().begin(), in.members().end()}, in.write_quorum(), in.founder()};
  std::sort(list.names.begin(), list.names.end());
  return list;
}

void fill(const storage::member_list& list, v1::Configuration* out) {
  for (const auto& name : list.names) out->add_members(name);
  out->set_write_quorum(list.write_quorum);
  out->set_founder(list.founder);
}

}  // namespace quorate
