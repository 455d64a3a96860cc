// Calls of the client service in tests: the reply, or what the refusal says.
//
// One call at a time.
#pragma once

#include <string>

#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include "google/rpc/status.pb.h"
#include "tests/net/fake_node_api.hpp"

namespace quorate::net::tests {

template <class Request, class Reply>
using memory_call = grpc::Status (v1::Memory::Stub::*)(grpc::ClientContext*, const Request&, Reply*);

/// The reply; a failed test when there is none.
template <class Request, class Reply>
Reply done(served_node& node, memory_call<Request, Reply> method, const std::type_identity_t<Request>& request) {
  Reply reply;
  grpc::ClientContext context;
  const auto answer = (node.memory().*method)(&context, request, &reply);
  REQUIRE_MESSAGE(answer.ok(), answer.error_message());
  return reply;
}

/// How a call that must fail ends.
template <class Request, class Reply>
grpc::StatusCode refused(served_node& node, memory_call<Request, Reply> method,
                         const std::type_identity_t<Request>& request) {
  Reply reply;
  grpc::ClientContext context;
  return (node.memory().*method)(&context, request, &reply).error_code();
}

/// The field that a call is refused for; "" when it is not, or for another reason.
template <class Request, class Reply>
std::string invalid_field(served_node& node, memory_call<Request, Reply> method,
                          const std::type_identity_t<Request>& request) {
  Reply reply;
  grpc::ClientContext context;
  const auto answer = (node.memory().*method)(&context, request, &reply);
  google::rpc::Status details;
  v1::InvalidField field;
  if (answer.error_code() == grpc::StatusCode::INVALID_ARGUMENT && details.ParseFromString(answer.error_details())
      && details.details_size() > 0)
    details.details(0).UnpackTo(&field);
  return field.field();
}

}  // namespace quorate::net::tests
