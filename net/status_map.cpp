#include "net/status_map.hpp"

#include "google/rpc/status.pb.h"

namespace quorate::net {
namespace {

grpc::Status with_details(const status& error, google::rpc::Status details) {
  details.set_code(code_of(error.code()));
  details.set_message(error.message());
  return {code_of(error.code()), error.message(), details.SerializeAsString()};
}

}  // namespace

grpc::StatusCode code_of(errc code) {
  switch (code) {
    case errc::ok: return grpc::StatusCode::OK;
#define QUORATE_ERROR(name, number, outcome, grpc_code, text) \
  case errc::name:                                            \
    return grpc::StatusCode::grpc_code;
#include "proto/errors.def"
#undef QUORATE_ERROR
  }
  return grpc::StatusCode::INTERNAL;
}

bool fill(const status& error, v1::InvalidField* out) {
  if (error.field().empty()) return false;
  out->set_field(error.field());
  out->set_rule(error.context());
  return true;
}

bool fill(const write_answer& answer, v1::WriteFailure* out) {
  auto code = answer.outcome.code();
  if (code == errc::ok || code == errc::invalid_argument || code == errc::not_found || code == errc::already_exists)
    return false;
  out->set_outcome(code == errc::superseded                      ? v1::WriteFailure::SUPERSEDED
                   : outcome_of(code) == error_outcome::rejected ? v1::WriteFailure::REJECTED
                                                                 : v1::WriteFailure::INDETERMINATE);
  out->set_reason(std::string(name_of(code)));
  out->set_copies_needed(answer.copies_needed);
  out->set_copies(answer.copies);
  if (answer.stamp) fill(answer.stamp, out->mutable_version());
  if (answer.superseded_by) fill(answer.superseded_by, out->mutable_superseded_by());
  return true;
}

grpc::Status to_grpc(const status& error) {
  if (error.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  if (v1::InvalidField field; fill(error, &field)) details.add_details()->PackFrom(field);
  return with_details(error, std::move(details));
}

grpc::Status to_grpc(const write_answer& answer) {
  if (answer.outcome.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  if (v1::InvalidField field; fill(answer.outcome, &field)) details.add_details()->PackFrom(field);
  if (v1::WriteFailure failure; fill(answer, &failure)) details.add_details()->PackFrom(failure);
  return with_details(answer.outcome, std::move(details));
}

}  // namespace quorate::net
