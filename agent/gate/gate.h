// The gate: what answers on the port that Claude Code speaks to.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "agent/dialect/json_cursor.h"
#include "agent/gate/metrics.h"
#include "agent/gate/recorder.h"
#include "agent/gate/settings.h"
#include "agent/identity/os_user.h"
#include "agent/identity/user_names.h"
#include "shared/http/server.h"
#include "shared/http/worker.h"

namespace postern::gate {

// The creator of a connection's socket, as the kernel named it when the connection was accepted.
struct ClientSocket final : http::ConnectionNote {
  std::optional<identity::OsUser> os_user;
  std::string os_user_name;
  std::string peer;
};

// Shared by all exchanges. Owned by the loop thread.
class Gate {
 public:
  // All of them must live longer.
  Gate(http::Loop& loop, Recorder& recorder, Metrics& metrics, identity::UserNames& names,
       http::Worker& worker);

  // From the next exchange on.
  void Use(std::shared_ptr<Settings> settings) { settings_ = std::move(settings); }
  const std::shared_ptr<Settings>& settings() const { return settings_; }

  // What http::Server calls.
  http::Task<void> Handle(http::Exchange& exchange);
  http::Answer RenderProtocolError(const http::ProtocolError& error);
  std::unique_ptr<http::ConnectionNote> OnAccept(const http::Address& client, const http::Address& local);

 private:
  friend class Passage;
  ExchangeId MakeId();

  http::Loop& loop_;
  Recorder& recorder_;
  Metrics& metrics_;
  identity::UserNames& names_;
  http::Worker& worker_;
  identity::OsUserFinder os_users_;
  std::shared_ptr<Settings> settings_;
  dialect::JsonCursor json_;         // one serves all: it is used within calls only
  std::mt19937_64 random_;           // for ids, which need not be secret
  std::string protocol_error_id_;    // the text that the last protocol error's answer has views into
  std::set<std::string> keys_seen_;  // ids of keys used since the start
};

}  // namespace postern::gate
