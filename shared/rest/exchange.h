// One request of a connection: read within its bounds, handed to the handler, answered. Only shared/rest
// includes this.
#pragma once

#include <atomic>

#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponseImpl.h>
#include <Poco/Net/HTTPServerSession.h>

#include "shared/base/result.h"
#include "shared/rest/server.h"
#include "shared/rest/watch.h"

namespace postern::rest {

// What the exchanges of all connections share.
struct Serving {
  const ServerOptions& options;
  const Server::Handler& handler;
  const std::atomic<bool>& stopping;
  std::atomic<uint64_t>& unreadable;
};

enum class After { kKeep, kClose };  // the connection

// Owned by the thread that serves the connection.
class Exchange {
 public:
  Exchange(const Serving& serving, Poco::Net::HTTPServerSession& session, Watch::Entry& watch)
      : serving_(serving), session_(session), watch_(watch), response_(session) {}

  // Throws what POCO throws when the connection breaks.
  After Serve(After wanted);

 private:
  // Where the request can't be taken, its refusal says so.
  Result<Request> Read(Poco::Net::HTTPServerRequestImpl& from, Response& refusal);
  Result<std::string> ReadBody(Poco::Net::HTTPServerRequestImpl& from, size_t length, Response& refusal);
  // Reads on for a while what a refused request still sends: closing at once would reset the connection, and
  // the client, which sends before it reads, would never see why.
  void Discard(Poco::Net::HTTPServerRequestImpl& from);
  Response Handle(const Request& request);
  void Answer(const Response& response, After after);

  const Serving& serving_;
  Poco::Net::HTTPServerSession& session_;
  Watch::Entry& watch_;
  Poco::Net::HTTPServerResponseImpl response_;
};

}  // namespace postern::rest
