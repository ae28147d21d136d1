// Where contestants meet: the upstreams and proxies that are running, each started when a measurement first
// needs it and kept until the end, and the way in which repetitions are interleaved.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"
#include "tests/bench/contestant.h"

namespace postern::bench {

struct Settings {
  Site site;
  std::string ours = "agent";  // another name measures the noise: nginx against nginx should give 1
  int repetitions = 10;
  double seconds = 0.7;  // aimed at for one measurement
  uint64_t instruction_requests = 2000;
};

// Thread-compatible.
class Arena {
 public:
  explicit Arena(Settings settings) : settings_(std::move(settings)) {}

  const Settings& settings() const { return settings_; }

  // The running contestant of this name; `instance` tells apart two of the same name, as in a measurement of
  // the noise.
  Result<Contestant*> Enter(std::string_view name, Transport transport, int instance);
  // A new one, which the caller owns and no other measurement meets.
  Result<Contestant> Fresh(std::string_view name, Transport transport, const Wrapper& wrapper);

  // Measures each of `count` contestants once a repetition, in an order that is rotated by one each time.
  // [contestant][repetition]; the first error ends it.
  template <class T>
  Result<std::vector<std::vector<T>>> Interleave(size_t count,
                                                 const std::function<Result<T>(size_t)>& measure) const {
    std::vector<std::vector<T>> values(count);
    for (int repetition = 0; repetition < settings_.repetitions; ++repetition) {
      for (size_t i = 0; i < count; ++i) {
        const size_t contestant = (i + static_cast<size_t>(repetition)) % count;
        ASSIGN_OR_RETURN(T value, measure(contestant));
        values[contestant].push_back(std::move(value));
      }
    }
    return values;
  }

 private:
  Result<Upstream*> UpstreamOf(Transport transport);

  const Settings settings_;
  std::map<Transport, Upstream> upstreams_;
  std::map<std::tuple<std::string, Transport, int>, Contestant> contestants_;
};

}  // namespace postern::bench
