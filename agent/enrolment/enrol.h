// A host joins an organisation: one HTTPS call to the collector that the token names, with a token that is
// good once. The secret halves of the keys never leave this host.
//
//   token@fingerprint ─▶ keys made ─▶ POST /v1/enrol, pinned ─▶ membership.yaml
//
// Fails closed: nothing is written unless the collector that the fingerprint names has said yes. A token that
// was spent by a call whose answer got lost is spent: then it takes another.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "agent/membership/enrolment.h"
#include "shared/base/result.h"

namespace postern::enrolment {

enum class Again { kRefuse, kReplace };

struct Options {
  std::string url;
  std::filesystem::path state_directory;  // made where there is none
  std::string machine_id_file = "/etc/machine-id";
  Again again = Again::kRefuse;  // where this host is enrolled already
};

// kInvalid: the token, the URL, or what is in the state directory is not as it must be. kDenied: this host is
// enrolled already; it isn't the collector that the token names; or the collector says no (a token that was
// spent, has expired or isn't known). kExhausted: too many calls from here. kUnavailable: the collector can't
// be reached, or the file can't be written. Each is one sentence.
Result<membership::Enrolment> Enrol(const Options& options, std::string_view token_text);

}  // namespace postern::enrolment
