// Calls to the collector's API for one command: with the profile's token, to the pinned collector, and every
// failure as one sentence.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/cli/profile.h"
#include "shared/base/result.h"
#include "shared/json/value.h"
#include "shared/rest/client.h"

namespace postern::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

// Errors of all calls: kUnavailable where the collector can't be reached, else what it says. Thread-safe.
class Api {
 public:
  // With the profile of this process's environment.
  static Result<Api> Open();
  static Result<Api> Open(const Profile& profile);

  Result<json::Value> Get(const std::string& path, const Query& query = {}) const;
  Result<json::Value> Post(const std::string& path, const std::string& body, const Query& query = {}) const;
  Result<json::Value> Patch(const std::string& path, const std::string& body, const Query& query = {}) const;
  // Null where nothing is answered.
  Result<json::Value> Delete(const std::string& path, const Query& query = {}) const;

  // An answer of any status, for calls whose refusals say more than a sentence.
  struct Answer {
    int status = 0;
    json::Value body;

    bool refused() const { return status >= 300; }
    Error error() const;  // of a refusal
  };
  Result<Answer> Ask(const rest::Call& call) const;

  using Items = std::vector<json::Value>;

  // The items of a list, a page at a time, until there are no more or `take` returns false.
  Status EachPage(const std::string& path, const Query& query,
                  const std::function<bool(const Items& items)>& take) const;

  // JSON Lines as they come, until they end or `take` returns false.
  Status Follow(const std::string& path, const Query& query,
                const std::function<bool(std::string_view line)>& take) const;

 private:
  explicit Api(std::unique_ptr<rest::Client> client) : client_(std::move(client)) {}
  Result<json::Value> Send(const rest::Call& call) const;

  std::unique_ptr<rest::Client> client_;
};

}  // namespace postern::cli
