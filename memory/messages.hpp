// Messages between agents: records of namespace _messages/<recipient>, so they are replicated, found and expire like
// any other.
//
// A message never replaces another one. A record's name is its key, and two nodes may take messages of one title at the
// same moment, so every message is stored under its title and a few characters drawn for it in brackets. The title it
// was sent with is in the metadata (message_title) and is what the inbox shows.
// Read is what was asked for at least once: by a recall, not by looking into the inbox.
//
// Functions over a reader; its errors are passed on.
#pragma once

#include <string>
#include <vector>

#include "memory/operations.hpp"
#include "proto/record.hpp"
#include "quorate/v1/governance.pb.h"

namespace quorate::memory {

/// The namespace of an agent's messages. An invalid_argument of `field` when the id breaks the rules of agent ids or
/// makes no legal namespace (too many segments, an empty one).
result<std::string> inbox_of(const std::string& agent_id, const std::string& field);

/// The message ready for plan_store: sender, recipient, title, payload and tier checked, the priority moved into 1-10.
/// `mark` tells it from others of its title: from `random_id`. Errors name the fields of the request.
result<v1::MemoryRecord> prepare_message(const v1::NotifyRequest& request, const std::string& mark,
                                         std::int64_t now_ms);

/// A stored message as the inbox shows it.
void show_message(v1::MemoryRecord* message);

/// The messages of a legal inbox that have not expired, newest first, at most `limit`; ends earlier when they take too
/// many bytes for one answer.
result<std::vector<v1::MemoryRecord>> read_inbox(const record_reader& now, const std::string& name_space,
                                                 bool unread_only, std::size_t limit, std::int64_t now_ms);

}  // namespace quorate::memory
