#include "tests/shared/policy/policy_text.h"

#include "shared/base/check.h"

namespace postern::policy {
namespace {

void Append(std::string& bytes, uint64_t number, int size) {
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(number >> (8 * i));
}

std::string Header(uint64_t types, uint64_t letters) {
  std::string header = "TZif2" + std::string(15, '\0');
  for (const uint64_t count : {uint64_t{0}, uint64_t{0}, uint64_t{0}, uint64_t{0}, types, letters})
    Append(header, count, 4);
  return header;
}

}  // namespace

std::string BerlinFile() {
  std::string file = Header(1, 1);
  file += std::string(6, '\0') + std::string(1, '\0');
  file += Header(1, 4);
  Append(file, 3600, 4);
  file += std::string(2, '\0') + std::string("CET\0", 4);
  return file + "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
}

Result<PolicyFile> ReadText(const std::string& rest) {
  const ZoneSource zones = [](const std::string& name) -> Result<std::string> {
    if (name == "Europe/Berlin") return BerlinFile();
    return Error{ErrorCode::kNotFound, "there is no such zone"};
  };
  return ReadPolicy("organisation:\n  name: example\n" + rest, "policy.yaml", zones, kNoon);
}

wire::Policy PolicyOf(const std::string& rest) {
  auto file = ReadText(rest);
  if (!file) CheckFailed(__FILE__, __LINE__, file.error().message.c_str());
  file->policy.set_version(7);
  return file->policy;
}

Compiled CompiledOf(const std::string& rest, const Catalogue& catalogue) {
  auto compiled = Compiled::Compile(PolicyOf(rest), catalogue);
  if (!compiled) CheckFailed(__FILE__, __LINE__, compiled.error().message.c_str());
  return *compiled;
}

const Catalogue& SmallCatalogue() {
  static const Catalogue catalogue{{{"claude-opus-5-5", {}},
                                    {"claude-opus-4-1", {"claude-opus-4-1-20250805", "claude-opus-4"}},
                                    {"claude-sonnet-5-5", {}},
                                    {"claude-haiku-4-5", {"claude-haiku-4-5-20251001"}},
                                    {"claude-fable-5", {"claude-mythos-5"}}}};
  return catalogue;
}

}  // namespace postern::policy
