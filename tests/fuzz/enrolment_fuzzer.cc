// What comes from outside when a host joins or is examined: the token's text, the collector's answer,
// settings that somebody else wrote. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/doctor/examination.h"
#include "agent/doctor/managed_settings.h"
#include "agent/enrolment/enrolment_call.h"
#include "agent/enrolment/token_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0) {
    const auto token = postern::enrolment::ParseTokenText(text);
    if (token && token->fingerprint.size() != 64) std::abort();
  } else if (data[0] % 4 == 1) {
    const auto admission = postern::enrolment::ReadAnswer(text, "keep.example");
    if (admission && (admission->bus.empty() || admission->bus.front() == ':')) std::abort();
  } else if (data[0] % 4 == 2) {
    const auto seen = postern::doctor::ExamineManagedSettings({{"settings", std::string(text)}}, 4780,
                                                              postern::doctor::Host::kMember);
    if (seen.sentence.empty()) std::abort();
  } else {
    static_cast<void>(postern::doctor::ParseHttpDate(std::string(text)));
  }
  return 0;
}
