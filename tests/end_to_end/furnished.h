// A collector that is furnished for one person: a provider credential, a team that may use it and a user in
// it, made by calls of the API; and what tests of members ask of it. (House is the same by `postern`, with a
// key.)
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "shared/json/value.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {

// Starts it. `os_name`: of the user, on any host; none where it is empty.
void Furnish(Keep& keep, std::string_view os_name = {});

// A new key of the user.
struct MadeKey {
  std::string id;
  std::string text;
};
MadeKey MakeKeyOfUser(const Keep& keep);

// What must be an object.
json::Object Object(const std::string& text);

// Looks again until it holds; the clock is only there so that what never comes fails.
bool Eventually(const std::function<bool()>& holds);

}  // namespace postern::end_to_end
