// Events for tests: exchange number n is the id whose last bytes are n.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool/event_stream.h"
#include "agent/spool/journal.h"
#include "agent/spool/page_reader.h"
#include "agent/spool/verifier.h"
#include "shared/base/check.h"
#include "shared/wire/event.h"

namespace postern::spool {

inline ExchangeId Exchange(uint64_t number) {
  ExchangeId id;
  for (size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

inline wire::Event Intent(uint64_t number) {
  wire::Event event;
  event.mutable_intent()->set_exchange(std::string(Exchange(number).raw()));
  event.mutable_intent()->set_model("claude-sonnet-4-5");
  event.mutable_intent()->set_call(wire::CALL_MESSAGES);
  event.mutable_intent()->mutable_principal()->set_user("ada");
  return event;
}

inline wire::Event Outcome(uint64_t number) {
  wire::Event event;
  event.mutable_outcome()->set_exchange(std::string(Exchange(number).raw()));
  event.mutable_outcome()->set_status(200);
  event.mutable_outcome()->set_ending(wire::ENDING_COMPLETE);
  event.mutable_outcome()->mutable_usage()->set_output(7);
  return event;
}

inline wire::Event Stop() {
  wire::Event event;
  event.mutable_stop()->set_reason("terminated");
  return event;
}

inline wire::Event KeyFirstUsed(const std::string& key_id) {
  wire::Event event;
  event.mutable_key_first_used()->set_key_id(key_id);
  return event;
}

inline wire::Event Refusal() {
  wire::Event event;
  event.mutable_refusal()->set_reason("no_key");
  return event;
}

inline std::vector<crypto::PublicKey> Keys(const Page& page) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& key : page.public_keys) keys.push_back(*crypto::PublicKey::FromBytes(key));
  return keys;
}

// All records of a store that nobody has open.
inline Page ReadAll(const std::string& directory) {
  const auto store = OpenOffline(directory);
  CHECK(store.has_value());
  Page all = *ReadPage(**store, {.from = 0, .since = {}, .last = 0, .limit = 1'000'000});
  while (all.resume != all.next) {
    Page more = *ReadPage(**store, {.from = all.resume, .since = {}, .last = 0, .limit = 1'000'000});
    for (Record& record : more.records) {
      if (record.position >= all.resume) all.records.push_back(std::move(record));
    }
    all.resume = more.resume;
  }
  return all;
}

inline Verdict Verify(const Page& page) {
  Verifier verifier(Keys(page));
  for (const Record& record : page.records) {
    if (!verifier.Add(record.position, record.kind, record.bytes)) break;
  }
  return verifier.Finish();
}

inline std::vector<wire::Event> Events(const Page& page) {
  std::vector<wire::Event> events;
  for (const Record& record : page.records) {
    if (record.kind == RecordKind::kEvent) CHECK(events.emplace_back().ParseFromString(record.bytes));
  }
  return events;
}

}  // namespace postern::spool
