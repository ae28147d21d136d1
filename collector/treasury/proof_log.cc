#include "collector/treasury/proof_log.h"

#include <string>

#include "shared/base/log.h"

namespace postern::treasury {
namespace {

void AppendName(std::string& text, const ledger::Holder& holder) {
  if (!text.empty()) text += ',';
  text += holder.agent + ':' + std::to_string(holder.incarnation);
}

std::string DeniedText(const ledger::Proof& proof) {
  std::string text;
  for (const auto& [holder, demand] : proof.denied) {
    AppendName(text, holder);
    text += ':' + std::to_string(demand);
  }
  return text;
}

std::string HeldText(const ledger::Proof& proof) {
  std::string text;
  for (const ledger::Proof::Part& part : proof.parts) {
    AppendName(text, part.holder);
    for (const Amount amount : {part.counters.granted, part.counters.used, part.counters.returned})
      text += ':' + std::to_string(amount.units());
    if (part.is_out_of_reach) text += ":away";
  }
  return text;
}

}  // namespace

void LogProof(const ledger::Proof& proof) {
  Log(Level::kDebug, "too little is left, as everybody was asked",
      {{"account", proof.account},
       {"began", proof.began.time_since_epoch().count()},
       {"ended", proof.ended.time_since_epoch().count()},
       {"amount", proof.amount.units()},
       {"denied", DeniedText(proof)},
       {"held", HeldText(proof)}});
}

}  // namespace postern::treasury
