// Scanning a text that arrives in pieces and has to go on as it arrives: an answer.
//
//   pieces    "the key is sk_"   "live_4f9a81c0d2"   "7be6 and"
//   go on     "the key is sk_"   ""                  "REDACTED_… and"      (its beginning looked like a word)
//
// Held back is only the end of what came so far, while it is a run of characters that looks like a token:
// until the run ends, at most kMostHeld bytes of it, and no longer than the caller waits before he calls
// Release. A text without such a run goes on piece by piece, each the same bytes.
//
// What is found is, at the end, what a scan of the whole text finds, wherever the pieces were cut. What was
// on its way before it was found can't be taken back: its finding says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/literals.h"
#include "shared/secrets/scanner.h"
#include "shared/secrets/stream_text.h"

namespace postern::secrets {

struct StreamFinding {
  Finding finding;  // offsets are those of the whole text, unescaped where it is JSON
  // By what `replace` gave, but perhaps for its first half, where that looked like a word and had gone on.
  // Otherwise it had gone on, or was let through.
  bool replaced = false;
};

struct StreamTerms {
  const Scanner& scanner;
  StreamForm form = StreamForm::kText;
  std::shared_ptr<const Literals> literals{};
  // What goes on in place of a secret, which stands there as this original: letters, digits and underscores.
  // Empty: the original itself.
  std::function<std::string(const Finding&, std::string_view original)> replace{};
  ScanOptions options{};
};

// One text: one block of an answer. Thread-compatible.
class StreamScan {
 public:
  static constexpr size_t kMostHeld = 512;
  static constexpr std::chrono::milliseconds kLongestHold{50};
  // A text longer than this is scanned in parts that overlap.
  static constexpr size_t kMostKept = 1 << 20;

  // The workspace is borrowed, within calls only.
  explicit StreamScan(const StreamTerms& terms);
  StreamScan(StreamScan&&) noexcept;
  StreamScan& operator=(StreamScan&&) noexcept;
  ~StreamScan();

  // The next piece. Returns what may go on now: `piece` itself where nothing is held and nothing was
  // replaced; otherwise a view that holds until the next call. Errors as Scanner::Scan's: then nothing more
  // of this text may go on.
  Result<std::string_view> Feed(std::string_view piece, Workspace& workspace);
  // It was held long enough: what is held goes on, without what of it is a secret as it stands, and the rest
  // of the run as it comes. Errors as Feed's.
  Result<std::string_view> Release(Workspace& workspace);
  // The text has ended: what is left of it, and everything that was found.
  Result<std::string_view> Finish(Workspace& workspace);

  size_t held() const;  // bytes that came and haven't gone on
  // After Finish.
  const std::vector<StreamFinding>& findings() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace postern::secrets
