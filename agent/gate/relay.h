// Passes an answer on as it arrives, and reads a copy of it.
//
// Nothing is held back: what is readable is read at once, and sent at once. The client's connection sets the
// pace: while it takes nothing, nothing is read from upstream. Where the client leaves, the upstream is
// cancelled by closing it.
//
// Where answers are screened for secrets (agent/screening) what goes on is what that lets go on: mostly the
// same bytes, event by event. What it holds goes on after 50 ms at the latest, but for a tool's block, which
// it holds until its stop: however long that takes, the client gets a comment from time to time, since it
// leaves a stream that says nothing for five minutes.
//
// A stream that has said message_stop is over for the client even if the provider keeps the body open: Claude
// Code waits for the end of the body, so it is ended here after a short grace.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/config.h"
#include "agent/decoding/decoder.h"
#include "agent/dialect/answer_meter.h"
#include "agent/dialect/stream_ending.h"
#include "agent/gate/spending.h"
#include "agent/screening/answer_screen.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/http/client_connection.h"
#include "shared/http/server.h"
#include "shared/wire/event.h"

namespace postern::gate {

// One answer, whose head has been read. Owned by the loop thread.
class Relay {
 public:
  Relay(http::Exchange& exchange, http::ClientConnection& upstream, const agent::DeadlineConfig& deadlines,
        dialect::JsonCursor& json, Spending& spending);

  // Before Run: the answer goes through this.
  void Use(std::unique_ptr<screening::AnswerScreen> screen) { screen_ = std::move(screen); }
  screening::AnswerScreen* screen() { return screen_.get(); }

  // Sends the head, with `exchange_id` and the warnings added, and the body. What was sent is the provider's,
  // byte for byte, but for its own rate-limit headers where there is a budget, and for what is screened;
  // where it could not be sent whole, the client's connection is cut and not ended. ENDING_BUDGET: what comes
  // next can't be paid for, and End is to be called.
  http::Task<wire::Ending> Run(const std::string& exchange_id, std::span<const OwnedHeader> warnings);

  // After Run was cancelled in the middle (and the strand has recovered), or ENDING_BUDGET: ends a stream so
  // that the client
  // shows the words and runs nothing more. What can't be ended so is left for the client's connection to be
  // cut: an answer that isn't a stream, has a length or is compressed. A client that doesn't take the last
  // bytes in kEndingPatience is cut too. The upstream is not looked at any more.
  http::Task<void> End(dialect::EndingWords words);
  static constexpr std::chrono::milliseconds kEndingPatience{200};

  const dialect::AnswerFacts& facts() const { return meter_.facts(); }
  // Whether the answer's coding keeps the meter from reading it. An answer that costs something mustn't be
  // run then; where its coding breaks in the middle, it is cut there.
  bool blind() const { return blind_; }
  // What the provider said, whatever the client is told.
  uint32_t status() const { return told_status_; }
  // Whether the upstream's answer was read to its end, so that its connection can be used again.
  bool upstream_whole() const { return upstream_whole_; }

 private:
  Status Meter(std::string_view bytes);
  Result<std::string_view> Screened(std::string_view bytes);
  Result<std::string_view> ScreenedEnd();
  std::chrono::nanoseconds Patience();
  bool MustShowLife() const;
  http::Task<std::optional<wire::Ending>> AwaitMore();

  http::Exchange& exchange_;
  http::ClientConnection& upstream_;
  Spending& spending_;
  const agent::DeadlineConfig& deadlines_;
  dialect::AnswerMeter meter_;
  std::optional<decoding::Decoder> decoder_;
  std::unique_ptr<screening::AnswerScreen> screen_;  // none: everything goes on as it comes
  std::string screened_;                             // what goes on next
  std::optional<BootTime> held_since_;               // the screen holds something that is to go on soon
  BootTime sent_at_{};                               // the client got something
  uint32_t told_status_ = 0;
  bool blind_ = false;
  bool flushed_ = false;
  bool upstream_whole_ = false;
};

}  // namespace postern::gate
