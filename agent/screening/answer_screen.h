// An answer on its way to the client: secrets in it are replaced as it streams, and originals are put back
// where the policy lets local tools have them.
//
//   provider ──events──▶ text, tool input ──StreamScan──▶ the same events, or with a placeholder in a string
//                        tool_use of a listed tool ──held, start to stop──▶ placeholders restored
//
// An event in which nothing is held or replaced goes on as its bytes came. What StreamScan holds goes on with
// the next event of its block, before the block's stop, or when the caller's patience ends (Release).
// Thinking is signed: it is looked at and never changed. Originals go nowhere but into the input of a tool
// that the policy lists and this program knows to be local (policy::kRestorableTools).
//
// Fails closed: after an error nothing more may go on. Pure, but for what the terms' functions do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "agent/screening/screen.h"
#include "shared/base/result.h"
#include "shared/secrets/stream_scan.h"

namespace postern::screening {

// By what one answer is screened.
struct AnswerTerms {
  std::shared_ptr<const secrets::Scanner> scanner{};  // null: answers aren't looked at
  std::shared_ptr<const secrets::Literals> literals{};
  std::shared_ptr<const HostKeys> keys{};
  std::shared_ptr<const policy::Compiled> policy{};
  policy::SecretOrders orders{};  // borrows from the policy
  WallTime now{};

  // The loop's workspace for the scanner.
  std::function<secrets::Workspace&()> workspace{};
  // What a placeholder stands for in this session; none: nothing is restored.
  std::function<std::optional<std::string>(std::string_view placeholder)> original{};
  // A secret was replaced; none: nobody wants to know.
  std::function<void(std::string_view placeholder, std::string_view original)> keep{};

  std::string_view fingerprint_key() const;
};

// One answer. Owned by the loop thread.
class AnswerScreen {
 public:
  static constexpr size_t kMostEvent = size_t{8} << 20;  // of one event
  static constexpr size_t kMostHeld = size_t{8} << 20;   // of a tool's block; a longer one goes on unrestored
  static constexpr size_t kMostWhole = size_t{32} << 20;  // of an answer that isn't a stream

  enum class Form { kEvents, kObject };

  // `json` is borrowed, within calls only.
  AnswerScreen(AnswerTerms terms, Form form, dialect::JsonCursor& json);
  AnswerScreen(const AnswerScreen&) = delete;
  ~AnswerScreen();

  struct Passed {
    std::string_view out;  // what goes on
    std::string_view
        read;  // of what came, what it was made of: for whoever meters. Both hold until the next call.
  };
  // The next bytes of the body, decoded if they were compressed. kInvalid for what can't be read, kExhausted
  // for what would take too long or is too long.
  Result<Passed> Feed(std::string_view bytes);
  // The body has ended: what is left of it.
  Result<Passed> Finish();

  // Whether text is held that goes on after secrets::StreamScan::kLongestHold.
  bool holds() const;
  std::string_view Release();

  // What was found in blocks that have ended, to be recorded: in_answer, and in no message. Its action is
  // `warn` where it had gone on before it was found.
  std::vector<Found> TakeFound() { return std::exchange(found_, {}); }
  uint64_t restored() const { return restored_; }

 private:
  struct Block;
  struct Glance;

  Status TakeEvent(std::string_view raw);
  bool Read(std::string_view data, Glance& glance);
  Status Start(std::string_view raw, const Glance& glance);
  Status Delta(std::string_view raw, const Glance& glance);
  Status Stop(int64_t index);
  Status PassString(std::string_view raw, const Glance& glance, Block& block);
  Status EndHeld(int64_t index, Block& block);
  Status EndScan(Block& block, int64_t index);
  void AppendDelta(const Block& block, int64_t index, std::string_view text);
  std::optional<secrets::StreamScan> ScanFor(std::string_view type, bool may_replace);
  std::string Replaced(const secrets::Finding& finding, std::string_view original);
  wire::SecretAction ActionFor(const secrets::Finding& finding, Found& found) const;
  void Note(const secrets::StreamScan& scan, const Block& block, int64_t index);
  bool Restores(std::string_view type, std::string_view tool) const;
  Status TakeObject();
  bool ReadObject(std::vector<Block>& blocks);
  Status ScreenPart(Block& block, int64_t index, std::string_view contents, std::string& out);

  const AnswerTerms terms_;
  const Form form_;
  dialect::JsonCursor& json_;
  std::string input_;  // what came and isn't used up; an object whole
  size_t used_ = 0;    // of it, by the last call
  std::string out_;
  std::string_view came_;  // the event that is taken, as it came
  std::string joined_;     // an event whose data were several lines, as one
  std::map<int64_t, Block> blocks_;
  std::vector<Found> found_;
  uint64_t restored_ = 0;
};

}  // namespace postern::screening
