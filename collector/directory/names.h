// What names and texts of the directory may look like. Each check returns one sentence that says what is
// allowed, and never shows what was given: it may be a secret in the wrong place. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace postern::directory {

inline constexpr int64_t kLatestTime = 253'402'300'799;  // 9999-12-31T23:59:59Z

// Letters, digits and . @ _ + -, 1 to 128 of them, the first a letter or digit.
Status CheckUserId(std::string_view id);
// Small letters, digits and . _ -, 1 to 64 of them, the first a letter or digit. `what`: "a team's id".
Status CheckName(std::string_view name, std::string_view what);
// UTF-8 without control characters, at most so many bytes; may be empty.
Status CheckText(std::string_view text, std::string_view what, size_t most);
// As a DNS name or as people call hosts: letters, digits and . _ -, 1 to 253.
Status CheckHost(std::string_view host);
// Visible ASCII without a comma, 1 to 64: DOMAIN\user and numbers too.
Status CheckOsName(std::string_view name);
// In the future, or 0 for never.
Status CheckExpiry(int64_t expires, int64_t now);

// At most 64 of them, none twice, each good by `check`. `what`: "hosts".
Status CheckList(const std::vector<std::string>& list, std::string_view what,
                 Status (*check)(std::string_view));

// Whether this could be the id of something in the directory, so that it may be recorded and shown.
bool IsRecordable(std::string_view id);

// A text from outside as it may be recorded: without tokens, and without path segments that look like a
// provider's key.
std::string Presentable(std::string_view text);

// "there is no user "alice"", without the name where it isn't recordable.
Error NoSuch(std::string_view what, std::string_view id);
// "there is a user "alice" already": kDenied, since it is no slip in what was given.
Error Taken(std::string_view what, const std::string& id);

}  // namespace postern::directory
