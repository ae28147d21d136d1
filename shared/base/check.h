// Invariants. CHECK(x) aborts in every build: a program that has broken an invariant must not go on
// forwarding traffic.
//
// It is for what the program itself has got wrong, never for input: bad input is an Error.
#pragma once

namespace postern {

// Writes "file:line: CHECK failed: expression" to standard error and aborts. Never allocates.
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression) noexcept;

}  // namespace postern

#define CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::postern::CheckFailed(__FILE__, __LINE__, #expression))
