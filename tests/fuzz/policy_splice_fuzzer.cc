// A change of any text in place: what is made says what was wanted, and making it again changes nothing; what
// was put there can be taken out, and then the rest is what it was.
#include <cstddef>
#include <cstdint>
#include <string>

#include "collector/policy/splice.h"
#include "shared/base/check.h"
#include "shared/config/node.h"

using namespace postern;  // NOLINT: this file has no names of its own

namespace {

// What is made is a file that can be read, or there is none.
void CheckSound(const Result<std::string>& made) {
  if (made) CHECK(config::Parse(*made, "made.yaml"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const policies::Keys entry{"limits", "a"};
  const std::string value = "{usd: 5, message: " + policies::Scalar(text.substr(0, 40)) + "}";
  if (const auto set = policies::SetEntry(text, entry, value)) {
    CHECK(config::Parse(*set, "made.yaml"));
    const auto again = policies::SetEntry(*set, entry, value);
    CHECK(again && *again == *set);
    const auto without = policies::RemoveEntry(*set, entry);
    CHECK(without && config::Parse(*without, "made.yaml"));
  }
  const policies::Keys list{"secrets", "allowed"};
  if (const auto longer = policies::AppendItem(text, list, "{fingerprint: ab}")) {
    CHECK(config::Parse(*longer, "made.yaml"));
    CheckSound(policies::RemoveItem(*longer, list, 0));
  }
  CheckSound(policies::RemoveEntry(text, entry));
  CheckSound(policies::RemoveItem(text, list, 1));
  return 0;
}
