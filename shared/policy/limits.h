// What a policy may hold at most, so that no snapshot, whoever signed it, makes an agent slow or run out of
// memory. Reading and compiling both hold to them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postern::policy {

inline constexpr size_t kMostSnapshotBytes = 32 << 20;
inline constexpr size_t kMostPatterns = 500'000;   // of all levels; each list counts as one more
inline constexpr size_t kMostLevels = 200'000;     // teams, groups, users and keys
inline constexpr size_t kMostMembers = 1'000'000;  // of all groups
inline constexpr size_t kMostTeamDepth = 16;       // a team within a team within …
inline constexpr size_t kMostGroupsOfUser = 64;
inline constexpr size_t kMostLoosePatterns = 64;  // of one list that begin and end with a wildcard: "*opus*"
inline constexpr size_t kMostStars = 8;           // of one pattern
inline constexpr size_t kMostPatternBytes = 256;
inline constexpr size_t kMostNameBytes = 256;  // of a team, user, key, zone
inline constexpr size_t kMostMessageBytes = 512;
inline constexpr size_t kMostHours = 64;  // stretches of a week, of one level
inline constexpr size_t kMostTags = 32;   // of residency, of one level
inline constexpr size_t kMostZoneChanges = 1'000;
inline constexpr size_t kMostSecretOrders = 64;  // of one level
inline constexpr size_t kMostAllowedSecrets = 10'000;
inline constexpr size_t kMostSecretRulesBytes = 256 << 10;  // of the policy's own rules for secrets
inline constexpr size_t kMostTriedPathBytes = 1024;         // of a path that patterns are held against
inline constexpr size_t kMostLimits = 100'000;
inline constexpr size_t kMostLimitIdBytes = 64;
// Of a limit's own unit, with its raise: wallet and ledger take no number beyond 2^60.
inline constexpr int64_t kMostLimitAmount = 1'000'000'000'000'000'000;

}  // namespace postern::policy
