// What can be done with a policy's text where no collector is at hand: reading it, and signing it.
//
// A signed policy is a file of text, so that it can be mailed and looked at:
//
//   file  = "-----BEGIN POSTERN SIGNED POLICY-----" LF line* "-----END POSTERN SIGNED POLICY-----" LF
//   line  = at most 76 characters of base 64, LF            together: a serialised SignedPolicy
//   (policy.proto)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/command_line/program.h"
#include "shared/policy/lint.h"
#include "shared/policy/policy_file.h"
#include "shared/wire/policy.pb.h"

namespace postern::cli {

inline constexpr size_t kMostPolicyBytes = 64 << 20;

// The file's bytes, or those of standard input for "-". kInvalid where it can't be read.
Result<std::string> ReadText(const command_line::Invocation& call, const std::string& file);

bool IsSigned(std::string_view text);
std::string Armoured(const wire::SignedPolicy& policy);
Result<std::string> Unarmoured(std::string_view text);  // the serialised SignedPolicy

// The text as a policy that an agent would take. kInvalid with file and line.
Result<policy::PolicyFile> ReadLocally(std::string_view text, const std::string& file);

// What is found without a collector, as the API's CheckedPolicy; of models only where there is a price table.
struct LocalCheck {
  std::string json;
  std::vector<std::string> not_checked;
  bool good = false;
};
Result<LocalCheck> CheckLocally(std::string_view text, const std::string& file, const std::string& models);

int MakePolicyKey(const command_line::Invocation& call);
int SignPolicy(const command_line::Invocation& call);

}  // namespace postern::cli
