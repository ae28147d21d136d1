#include "collector/intake/recovery.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "collector/treasury/rows.h"
#include "shared/base/hex.h"

namespace postern::intake {
namespace {

const char* const kForgotten = "forgotten";

// Each epoch has revisions of its own: no change of an earlier one, known to anybody or not, has a later.
constexpr uint64_t kRevisionsOfAnEpoch = uint64_t{1} << 40;

directory::Actor Intake() { return directory::Actor::Local("postern-collector"); }

// "epoch revision log_size sentence"
std::string Write(const Forgotten& proof) {
  return std::to_string(proof.epoch) + ' ' + std::to_string(proof.revision) + ' ' +
         std::to_string(proof.log_size) + ' ' + proof.sentence;
}

Result<uint64_t> TakeNumber(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') {
    return Error{ErrorCode::kCorrupt, "what was proved to be forgotten can't be read"};
  }
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return number;
}

}  // namespace

Result<Forgotten> ReadForgotten(directory::Directory& directory) {
  ASSIGN_OR_RETURN(const auto value, directory.settings().Get(kForgotten));
  Forgotten proof;
  if (!value || value->empty()) return proof;
  std::string_view text = *value;
  ASSIGN_OR_RETURN(proof.epoch, TakeNumber(text));
  ASSIGN_OR_RETURN(proof.revision, TakeNumber(text));
  ASSIGN_OR_RETURN(proof.log_size, TakeNumber(text));
  proof.sentence = text;
  return proof;
}

Status NoteForgotten(directory::Directory& directory, const Forgotten& proof) {
  ASSIGN_OR_RETURN(Forgotten all, ReadForgotten(directory));
  const std::string before = Write(all);
  all.epoch = std::max(all.epoch, proof.epoch);
  all.revision = std::max(all.revision, proof.revision);
  all.log_size = std::max(all.log_size, proof.log_size);
  if (all.sentence.empty()) all.sentence = proof.sentence;
  if (Write(all) == before) return Ok{};
  return directory.settings().Set(Intake(), kForgotten, Write(all));
}

Result<Recovered> Recover(store::Store& store, directory::Directory& directory) {
  ASSIGN_OR_RETURN(const Forgotten proof, ReadForgotten(directory));
  ASSIGN_OR_RETURN(const uint64_t epoch, directory.settings().Epoch());
  Recovered result;
  result.old_log_size = store.stats().log_size;
  const uint64_t last = std::max(epoch, proof.epoch);
  const uint64_t beyond = std::max({store.stats().revision, proof.revision, last * kRevisionsOfAnEpoch});
  RETURN_IF_ERROR(treasury::NoteEpoch(store, epoch));
  ASSIGN_OR_RETURN(result.epoch, directory.settings().RaiseEpoch(Intake(), proof.epoch, beyond));
  // The epoch first: killed between the two, the collector still knows that it must be recovered.
  RETURN_IF_ERROR(directory.settings().Set(Intake(), kForgotten, ""));
  result.revision = store.stats().revision;
  result.sentence = "epoch " + std::to_string(result.epoch) + " begins; the log before it had " +
                    std::to_string(result.old_log_size) + " entries";
  if (!proof.sentence.empty()) result.sentence += "; an agent has proved that " + proof.sentence;
  const directory::Act act{.action = "collector.recover", .target_kind = "collector", .target = ""};
  RETURN_IF_ERROR(directory.registrar().RecordDone(Intake(), act, result.sentence));
  return result;
}

}  // namespace postern::intake
