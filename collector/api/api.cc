#include "collector/api/api.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "collector/api/door.h"
#include "collector/api/metrics.h"
#include "shared/base/guarded.h"
#include "shared/tls/certificate.h"

namespace postern::api {
namespace {

Result<std::string> FingerprintOfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "the file " + path + " can't be read"};
  return tls::Fingerprint(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace

struct Api::State {
  State(Options given, Parts known, std::string first_shown)
      : options(std::move(given)), parts(std::move(known)), shown(std::move(first_shown)) {}

  const Options options;
  const Parts parts;
  Guarded<std::string> shown;  // the fingerprint
  const std::function<std::string()> fingerprint = [this] {
    return shown.With([](const std::string& text) { return text; });
  };
  Metrics metrics;
  Tails tails{options.limits.tails};
  const Context context{options, parts, fingerprint, metrics, tails};
  Door door{context};
  std::unique_ptr<rest::Server> server;  // last: its threads use all of the above
};

Api::Api(std::unique_ptr<State> state) : state_(std::move(state)) {}

Api::~Api() { Close(); }

Result<std::unique_ptr<Api>> Api::Start(Options options, Parts parts) {
  ASSIGN_OR_RETURN(std::string fingerprint, FingerprintOfFile(options.server.certificate));
  auto state = std::make_unique<State>(std::move(options), std::move(parts), std::move(fingerprint));
  State& serving = *state;
  rest::ServerOptions server = state->options.server;
  server.body_limit = [&serving](const rest::Request& head) { return serving.door.BodyLimit(head); };
  ASSIGN_OR_RETURN(state->server,
                   rest::Server::Start(std::move(server), [&serving](const rest::Request& request) {
                     return serving.door.Answer(request);
                   }));
  state->metrics.SetSources([&serving] { return serving.server->stats(); },
                            [&serving] { return serving.door.lock_outs(); });
  return std::unique_ptr<Api>(new Api(std::move(state)));
}

uint16_t Api::port() const { return state_->server->port(); }

std::string Api::fingerprint() const { return state_->fingerprint(); }

Status Api::ReloadCertificate() {
  ASSIGN_OR_RETURN(std::string fingerprint, FingerprintOfFile(state_->options.server.certificate));
  RETURN_IF_ERROR(state_->server->ReloadCertificate());
  state_->shown.With([&](std::string& shown) { shown = std::move(fingerprint); });
  return Ok{};
}

void Api::Close() {
  state_->tails.Close();
  state_->server->Stop();
}

}  // namespace postern::api
