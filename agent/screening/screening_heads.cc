#include <algorithm>

#include "agent/screening/bench.h"
#include "agent/screening/screening.h"

namespace postern::screening {

std::optional<ScreenedHead> Screening::ScreenHead(const Request& request, std::span<const HeadPart> parts,
                                                  CleanHead& clean) {
  if (scanner_ == nullptr) return std::nullopt;
  const Terms terms{.scanner = scanner_,
                    .keys = keys_,
                    .policy = request.policy,
                    .orders = request.orders,
                    .now = WallNow()};
  ScreenedHead screened =
      screening::ScreenHead(parts, terms, bench_->For(scanner_), {sessions_.hash(), clean});
  if (screened.found.empty()) return screened;
  std::vector<std::string>& before = sessions_.Of(request.session).in_head;
  std::vector<std::string> keys;
  for (Found& found : screened.found) {
    keys.push_back(found.rule + '\n' + std::to_string(found.action) + '\n' + found.fingerprint);
    found.known = std::find(before.begin(), before.end(), keys.back()) != before.end();
  }
  before = std::move(keys);
  CountFound(screened.found);
  return screened;
}

bool Screening::IsSecret(std::string_view name) {
  if (scanner_ == nullptr) return false;
  const auto findings = scanner_->Scan({.text = name}, bench_->For(scanner_), {});
  return !findings || !findings->empty();
}

}  // namespace postern::screening
