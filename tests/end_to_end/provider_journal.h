// What the provider simulator saw, asked over its control side.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/http_client.h"

namespace postern::end_to_end {

// Thread-compatible.
class ProviderJournal {
 public:
  explicit ProviderJournal(uint16_t port) : target_{.port = port} {}

  void Reset() const;
  // The record of one request, JSON as text; numbers begin with 1 at the reset.
  std::string Request(uint64_t number) const;
  std::string Body(uint64_t number) const;
  // Waits until that many have arrived, or ended; false after thirty seconds.
  bool WaitForArrived(uint64_t requests) const;
  bool WaitForOutcome(uint64_t number, std::string_view outcome) const;
  // … or until so many events of that answer have been sent.
  bool WaitForEvents(uint64_t number, uint64_t events) const;
  // What was answered and told since the reset, JSON as text.
  std::string Totals() const;
  // How many API requests arrived since the reset.
  uint64_t arrived() const;
  // Lets answers go on that hold at this gate.
  void Open(std::string_view gate) const;
  // Every request is answered so from now on (tests/support/provider/README.md, directives). What a directive
  // says in a header would be screened on its way.
  void AnswerAll(std::string_view directive) const;
  // The value of `"name":value` in a piece of JSON, quotes taken off; empty if there is none.
  static std::string Member(std::string_view json, std::string_view name);

 private:
  support::Target target_;
};

}  // namespace postern::end_to_end
