#include "tests/end_to_end/furnished.h"

#include <chrono>
#include <thread>

#include "shared/base/check.h"
#include "tests/end_to_end/host.h"

namespace postern::end_to_end {

void Furnish(Keep& keep, std::string_view os_name) {
  keep.Start();
  keep.Done("POST", "/v1/credentials",
            R"({"id":"main","provider":"anthropic","value":")" + std::string(kProviderKey) + "\"}");
  keep.Done("POST", "/v1/teams", R"({"id":"platform","credentials":["main"]})");
  const std::string names = os_name.empty() ? "" : R"(,"os_names":[")" + std::string(os_name) + "\"]";
  keep.Done("POST", "/v1/users", R"({"id":"alice@example.com","team":"platform")" + names + "}");
}

MadeKey MakeKeyOfUser(const Keep& keep) {
  const json::Object made = Object(keep.Done("POST", "/v1/keys", R"({"user":"alice@example.com"})"));
  return {.id = *made.Find("key")->AsOpenObject()->Text("id"), .text = *made.Text("text")};
}

json::Object Object(const std::string& text) {
  const auto value = json::Parse(text);
  CHECK(value);
  return *value->AsOpenObject();
}

bool Eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace postern::end_to_end
