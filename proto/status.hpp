// `status`: done, or which error of errors.def and one line of context. `result<T>`: a value or a status.
//
// Every function that can fail returns one of the two; none throws across a folder boundary. Values, thread-safe
// by copy. A dropped status is a compiler warning.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "proto/ensure.hpp"

namespace quorate {

enum class errc : std::uint8_t {
  ok = 0,
#define QUORATE_ERROR(name, number, outcome, grpc_code, text) name = number,
#include "proto/errors.def"
#undef QUORATE_ERROR
};

/// What is known of a write that ended with an error.
enum class error_outcome : std::uint8_t { rejected, unknown };

/// The table's name of a code, e.g. "quorum_unreachable"; "ok" for ok.
std::string_view name_of(errc code);
/// The table's sentence for a code.
std::string_view text_of(errc code);
error_outcome outcome_of(errc code);

class [[nodiscard]] status {
 public:
  status() = default;
  status(errc code, std::string context) : code_(code), context_(std::move(context)) {}
  /// A broken rule: `field` as the user knows it, `rule` with the limit and what came instead.
  static status invalid(std::string field, std::string rule) {
    status s(errc::invalid_argument, std::move(rule));
    s.field_ = std::move(field);
    return s;
  }

  bool ok() const { return code_ == errc::ok; }
  explicit operator bool() const { return ok(); }
  errc code() const { return code_; }
  /// What, where and what to do; without the field. Never holds record contents.
  const std::string& context() const { return context_; }
  /// The field or flag an invalid_argument is about; empty otherwise.
  const std::string& field() const { return field_; }
  /// One line for a person: "<field>: <context>", or the table's sentence when there is no context.
  std::string message() const;

 private:
  errc code_ = errc::ok;
  std::string context_;
  std::string field_;
};

/// A nullopt does not say what is not there: a result without a value has an error.
template <class Value, class T>
concept turns_into =
    std::convertible_to<Value, T> && !std::derived_from<
        std::remove_cvref_t<Value>, status> && !std::same_as<std::remove_cvref_t<Value>, std::nullopt_t>;

template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : value_(std::move(value)) {}
  /// Whatever turns into a T, e.g. a unique_ptr to a class derived from the one promised.
  template <class Value>
  requires turns_into<Value, T> result(Value&& value) : value_(std::forward<Value>(value)) {}
  result(status error) : error_(std::move(error)) { ensure(!error_.ok(), "a result without a value has an error"); }

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& operator*() { return present(); }
  const T& operator*() const { return const_cast<result*>(this)->present(); }
  T* operator->() { return &present(); }
  const T* operator->() const { return &const_cast<result*>(this)->present(); }
  /// The error; ok when there is a value.
  const status& error() const { return error_; }

 private:
  T& present() {
    ensure(value_.has_value(), "a result is looked at before its value is taken");
    return *value_;
  }

  std::optional<T> value_;
  status error_;
};

}  // namespace quorate
