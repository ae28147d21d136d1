// Whatever comes as a page of events is refused or means the same when it is encoded again; verifying it
// never crashes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/spool/event_stream.h"
#include "agent/spool/verifier.h"
#include "shared/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern::spool;  // NOLINT
  const auto page = DecodePage({reinterpret_cast<const char*>(data), size});
  if (!page) return 0;
  const auto again = DecodePage(EncodePage(*page));
  CHECK(again.has_value());
  CHECK(again->records.size() == page->records.size() && again->resume == page->resume);

  std::vector<postern::crypto::PublicKey> keys;
  for (const std::string& raw : page->public_keys)
    keys.push_back(*postern::crypto::PublicKey::FromBytes(raw));
  Verifier verifier(keys);
  for (const Record& record : page->records) {
    if (!verifier.Add(record.position, record.kind, record.bytes)) break;
  }
  static_cast<void>(verifier.Finish().sound());
  return 0;
}
