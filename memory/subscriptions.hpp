// Who wants to be told of new records, and where: the subscriptions, and how their deliveries went.
//
// A subscription is written once and deleted; it is never changed. Deliveries are counted like uses of a record: each
// node counts those that were told to it in rows of its own (kind usage), so the counts of all nodes add up, and
// telling of one can neither get into the way of another nor bring back a subscription that was just deleted. What a
// subscription that came from another store had counted there is stored with it and added.
//
// Functions over a reader; its errors are passed on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "memory/operations.hpp"
#include "proto/record.hpp"
#include "quorate/v1/governance.pb.h"

namespace quorate::memory {

record_key subscription_key(std::string_view id);

/// url (memory/webhook_url.hpp), events (comma list of names, empty = *), filters and agent id. The answer has no id
/// yet; of the secret it holds the hash. Names in `events` are a-z 0-9 _ . - or *.
result<v1::Subscription> prepare_subscription(const v1::SubscribeRequest& request, std::int64_t now_ms);

/// errc::not_permitted unless who subscribes is a registered agent. `prepared` has its id.
result<planned_write> plan_subscribe(const record_reader& now, const v1::Subscription& prepared, std::int64_t now_ms);

/// No mutations when there is none of that id.
result<planned_write> plan_unsubscribe(const record_reader& now, std::string_view id);

/// Counts one delivery, made or failed, in the row of `self`; errc::not_found when there is no such subscription.
result<planned_write> plan_record_dispatch(const record_reader& now, const v1::RecordDispatchRequest& request,
                                           node_id self, std::int64_t now_ms);

/// What a reader is to see: `subscription` as stored becomes the subscription with the deliveries counted since.
status present(const record_reader& now, v1::Subscription* subscription);
/// The other way round: what is to be stored so that a reader sees `subscription` as it is given, as far as the
/// deliveries counted here are not more than it says.
status take_off_deliveries(const record_reader& now, v1::Subscription* subscription);

/// All of them with their counts, oldest first.
result<std::vector<v1::Subscription>> list_subscriptions(const record_reader& now);

}  // namespace quorate::memory
