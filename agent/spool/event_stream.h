// How records leave the agent: the body of `GET /events` on agent.sock, and what `postern-agent events`
// reads. README.md has the grammar. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/spool/record_key.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::spool {

// Which records are wanted. The first condition that is set decides where the page begins.
struct PageRequest {
  uint64_t from = 0;              // a position: the event there and what follows
  std::optional<WallTime> since;  // from about this time on; a few earlier ones may come too
  uint64_t last = 0;              // the last so many events; 0: from the oldest
  size_t limit = 1000;            // events; a page also ends at 1 MiB

  // From and to the query of a URL: "from=17&limit=100", "since=1700000000000000000", "last=50". kInvalid
  // names what is wrong.
  static Result<PageRequest> FromQuery(std::string_view query);
  std::string ToQuery() const;
};

struct Record {
  uint64_t position = 0;
  RecordKind kind = RecordKind::kEvent;
  std::string bytes;  // exactly as they were hashed and signed
};

// A page of the record. Begins with the seal of the last trimmed event where it begins at the record's
// beginning and there is one.
struct Page {
  uint64_t first = 0;                    // position of the oldest event that is kept
  uint64_t next = 0;                     // position that the next event will have
  std::vector<std::string> public_keys;  // 32 bytes each: all that sealed in this store
  std::vector<Record> records;
  uint64_t resume = 0;  // where the next page begins; equal to `next` when all is read
};

std::string EncodePage(const Page& page);

// kCorrupt unless it is one whole page.
Result<Page> DecodePage(std::string_view body);

}  // namespace postern::spool
