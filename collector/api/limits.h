// How much one address and one token may ask of the API.
#pragma once

#include <chrono>
#include <cstddef>

namespace postern::api {

struct Limits {
  size_t calls_at_once = 200;    // of one token or, without one, of one address
  double calls_per_second = 50;  // beyond that
  size_t bad_tokens = 10;        // of one address within `memory`: then it is locked out
  std::chrono::seconds memory{60};
  std::chrono::seconds lock_out{300};
  size_t enrolments_at_once = 20;  // calls to /v1/enrol of one address
  double enrolments_per_second = 0.2;
  // Who follows the log gets an empty line so often, and the token is looked at again.
  std::chrono::milliseconds sign_of_life{15'000};
  size_t large_body = 8 << 20;  // of a policy, sent by who may send one
  size_t tails = 16;            // that wait at a time, of all callers; of one token, half of them
};

}  // namespace postern::api
