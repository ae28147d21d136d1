#include "tests/support/provider/running_provider.h"

#include "tests/support/provider/provider.h"

namespace postern::provider {

Result<std::unique_ptr<RunningProvider>> RunningProvider::Start(const Options& options) {
  std::unique_ptr<RunningProvider> running(new RunningProvider());
  ASSIGN_OR_RETURN(running->loop_, http::Loop::Make());
  running->provider_ = std::make_unique<Provider>(*running->loop_, options);
  RETURN_IF_ERROR(running->provider_->Listen());
  running->port_ = running->provider_->port();
  running->url_ = (options.tls_certificate.empty() ? "http://" : "https://") + options.address + ":" +
                  std::to_string(running->port_);
  running->thread_ = std::thread([loop = running->loop_.get()] { loop->Run(); });
  return running;
}

RunningProvider::~RunningProvider() {
  if (loop_ == nullptr) return;
  if (thread_.joinable()) {
    loop_->Stop();
    thread_.join();
  }
  loop_->DestroySpawned();
}

}  // namespace postern::provider
