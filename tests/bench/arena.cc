#include "tests/bench/arena.h"

namespace postern::bench {

Result<Contestant*> Arena::Enter(std::string_view name, Transport transport, int instance) {
  const std::tuple key(std::string(name), transport, instance);
  if (const auto found = contestants_.find(key); found != contestants_.end()) return &found->second;
  ASSIGN_OR_RETURN(auto contestant, Fresh(name, transport, {}));
  return &contestants_.emplace(key, std::move(contestant)).first->second;
}

Result<Contestant> Arena::Fresh(std::string_view name, Transport transport, const Wrapper& wrapper) {
  ASSIGN_OR_RETURN(const Upstream* const upstream, UpstreamOf(transport));
  return StartContestant(name, settings_.site, *upstream, wrapper);
}

Result<Upstream*> Arena::UpstreamOf(Transport transport) {
  if (const auto found = upstreams_.find(transport); found != upstreams_.end()) return &found->second;
  ASSIGN_OR_RETURN(auto upstream, StartUpstream(settings_.site, transport));
  return &upstreams_.emplace(transport, std::move(upstream)).first->second;
}

}  // namespace postern::bench
