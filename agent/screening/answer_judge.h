// What is looked for in the blocks of one answer, what is done about it, and what was found. Pure, but for
// what the terms' functions do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/screening/restore.h"
#include "agent/screening/screen.h"
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

// A block of an answer: its type, of a tool its name, and which of the answer's it is.
struct AnswerBlock {
  std::string type{};
  std::string tool{};
  int64_t index = 0;

  bool is_tool() const { return type.ends_with("tool_use"); }
  // "text", "thinking", "tool_input"; "other" is not looked at.
  std::string_view part() const;
};

// Owned by the loop thread.
class AnswerJudge {
 public:
  enum class Doing { kReplace, kLookOnly };

  explicit AnswerJudge(AnswerTerms terms) : terms_(std::move(terms)) {}
  AnswerJudge(const AnswerJudge&) = delete;

  // For the contents of this block; nothing where they aren't looked at. Thinking is never replaced in. This
  // must stay where it is.
  std::optional<secrets::StreamScan> ScanFor(const AnswerBlock& block, Doing doing);
  secrets::Workspace& workspace() const { return terms_.workspace(); }

  // Whether originals go back into its input.
  bool Restores(const AnswerBlock& block) const;
  Restored Restore(std::string_view json);

  // What the scan of a block found, once that has ended. Its action is `warn` where it had gone on before it
  // was found.
  void Note(const secrets::StreamScan& scan, const AnswerBlock& block);
  std::vector<Found> TakeFound() { return std::exchange(found_, {}); }
  uint64_t restored() const { return restored_; }

 private:
  std::string Replaced(const secrets::Finding& finding, std::string_view original);
  wire::SecretAction ActionFor(const secrets::Finding& finding, Found& found) const;

  const AnswerTerms terms_;
  std::vector<Found> found_;
  uint64_t restored_ = 0;
};

}  // namespace postern::screening
