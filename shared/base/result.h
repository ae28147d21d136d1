// What can fail returns a Result<T> or a Status; nothing of ours throws.
//
// The six codes are named by what the caller should do:
//   kInvalid      mend the input            kDenied       stop: a rule says no
//   kNotFound     look elsewhere            kExhausted    wait, or ask for less
//   kUnavailable  try again later           kCorrupt      stop using this and say so
// A message is one clear sentence for a person. It never holds prompt text, header values or secrets.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "shared/base/check.h"

namespace postern {

enum class ErrorCode { kInvalid, kDenied, kNotFound, kExhausted, kUnavailable, kCorrupt };

// "invalid", "denied", … as logs and metrics name them.
constexpr const char* Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return "invalid";
    case ErrorCode::kDenied: return "denied";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kExhausted: return "exhausted";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kCorrupt: return "corrupt";
  }
  return "unknown";
}

struct Error {
  ErrorCode code;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

// The value of a Status that went well.
struct Ok {
  friend bool operator==(Ok, Ok) = default;
};

// Either a value or an Error, with the member names of std::expected. Reading the side that isn't there is a
// CHECK. Thread-compatible.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Neither is explicit, so that `return value;` reads well.
  Result(T value)  // NOLINT
      : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *Get(this); }
  const T& value() const& { return *Get(this); }
  T&& value() && { return std::move(*Get(this)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return Get(this); }
  const T* operator->() const { return Get(this); }

  const Error& error() const {
    CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }

  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }

 private:
  template <class Self>
  static auto Get(Self* self) {
    CHECK(self->has_value());
    return std::get_if<0>(&self->state_);
  }

  std::variant<T, Error> state_;
};

using Status = Result<Ok>;

}  // namespace postern

// Returns the error of an expression from the enclosing function, or goes on.
#define RETURN_IF_ERROR(expression)                              \
  do {                                                           \
    auto status_ = (expression);                                 \
    if (!status_.has_value()) return std::move(status_).error(); \
  } while (false)

#define POSTERN_CONCAT_INNER(a, b) a##b
#define POSTERN_CONCAT(a, b) POSTERN_CONCAT_INNER(a, b)

// ASSIGN_OR_RETURN(const auto key, ParseKey(text)); declares `key`, or returns the error.
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(POSTERN_CONCAT(result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                   \
  if (!temporary.has_value()) return temporary.error();            \
  declaration = *std::move(temporary)
