// A simulated provider of the Messages API: what its connections share.
//
//   Connection (one a client) ── reads a request ──▶ service (what is to be answered) ──▶ delivery (how it is
//   sent)
//                                       └──────────▶ control (the test's side, under /_control/)
//
// It has a reader and a writer of HTTP of its own on top of shared/http's loop, since it must be able to
// answer as no proper server would.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "shared/http/buffer_pool.h"
#include "shared/http/loop.h"
#include "shared/tls/context.h"
#include "tests/support/provider/bell.h"
#include "tests/support/provider/canned.h"
#include "tests/support/provider/journal.h"
#include "tests/support/provider/options.h"
#include "tests/support/provider/pacer.h"
#include "tests/support/provider/script.h"

namespace postern::provider {

// Owned by the loop thread, and must live until its loop has ended.
class Provider {
 public:
  Provider(http::Loop& loop, const Options& options);
  ~Provider();

  // Binds and listens. kUnavailable when the port is taken; kInvalid or kNotFound when the certificate isn't
  // one.
  Status Listen();
  uint16_t port() const { return port_; }

  http::Loop& loop() { return loop_; }
  const Options& options() const { return options_; }
  tls::Context* tls() { return tls_.get(); }
  http::BufferPool& buffers() { return buffers_; }
  Journal& journal() { return journal_; }
  Script& script() { return script_; }
  CannedAnswers& canned() { return canned_; }
  Pacer& pacer() { return pacer_; }

  // Gates hold answers back until a test opens them.
  void OpenGate(const std::string& name);
  http::Task<http::Wake> PassGate(http::Strand& strand, const std::string& name);
  // Forgets what arrived, the script and which gates are open.
  void Reset();

 private:
  class Listener;

  http::Loop& loop_;
  const Options options_;
  std::unique_ptr<tls::Context> tls_;
  std::unique_ptr<Listener> listener_;
  uint16_t port_ = 0;
  http::BufferPool buffers_;
  Journal journal_;
  Script script_;
  CannedAnswers canned_;
  Pacer pacer_;
  std::set<std::string> open_gates_;
  Bell gates_;
  uint64_t connections_ = 0;
};

}  // namespace postern::provider
