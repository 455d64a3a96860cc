#include "proto/status.hpp"

namespace quorate {

std::string_view name_of(errc code) {
  switch (code) {
    case errc::ok: return "ok";
#define QUORATE_ERROR(name, number, outcome, grpc_code, text) \
  case errc::name:                                            \
    return #name;
#include "proto/errors.def"
#undef QUORATE_ERROR
  }
  return "unlisted";
}

std::string_view text_of(errc code) {
  switch (code) {
    case errc::ok: return "done";
#define QUORATE_ERROR(name, number, outcome, grpc_code, text) \
  case errc::name:                                            \
    return text;
#include "proto/errors.def"
#undef QUORATE_ERROR
  }
  return "unlisted";
}

error_outcome outcome_of(errc code) {
  switch (code) {
    case errc::ok: return error_outcome::unknown;
#define QUORATE_ERROR(name, number, outcome, grpc_code, text) \
  case errc::name:                                            \
    return error_outcome::outcome;
#include "proto/errors.def"
#undef QUORATE_ERROR
  }
  return error_outcome::unknown;
}

std::string status::message() const {
  if (ok()) return "ok";
  if (context_.empty()) return std::string(text_of(code_));
  return field_.empty() ? context_ : field_ + ": " + context_;
}

}  // namespace quorate
