// Rules that say which requests get which answers. README.md has their JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "tests/support/provider/conversation.h"
#include "tests/support/provider/plan.h"

namespace postern::provider {

struct Rule {
  std::string path;   // the request's path; empty for POST /v1/messages
  std::string model;  // a name, or a beginning with "*" at its end
  std::string text;   // a part of the prompt
  std::optional<bool> stream;
  std::optional<uint64_t> ordinal;  // only the Nth request of that path since the script was installed
  std::optional<uint64_t> times;    // so often at most
  Plan plan;
};

// Thread-compatible.
class Script {
 public:
  // kInvalid with what isn't understood; then nothing has changed.
  Status Install(std::string_view json);
  void Clear() { *this = Script(); }

  // The plan of the first rule that fits a request, whose `times` goes down. `conversation` is null where the
  // request has none. To be called once for each request, in order of arrival.
  std::optional<Plan> Choose(std::string_view path, const Conversation* conversation);
  // The same for a request whose body isn't read yet: only plans that are `early` apply.
  std::optional<Plan> ChooseEarly(std::string_view path);

 private:
  struct Arrivals {
    std::string path;
    uint64_t count = 0;
  };
  uint64_t& ArrivalsOf(std::string_view path);
  static bool Fits(const Rule& rule, std::string_view path, const Conversation* conversation,
                   uint64_t ordinal);

  std::vector<Rule> rules_;
  std::vector<Arrivals> arrivals_;
};

}  // namespace postern::provider
