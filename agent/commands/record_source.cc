#include "agent/commands/record_source.h"

#include <utility>

#include "agent/commands/agent_socket.h"
#include "agent/spool/page_reader.h"

namespace postern::commands {
namespace {

class AgentSource : public RecordSource {
 public:
  explicit AgentSource(std::string socket) : socket_(std::move(socket)) {}

  Result<spool::Page> Read(const spool::PageRequest& request) override {
    const auto body = Ask(socket_, "GET", "/events?" + request.ToQuery());
    // It was there when the record was opened.
    if (!body && body.error().code == ErrorCode::kNotFound)
      return Error{ErrorCode::kUnavailable, body.error().message};
    if (!body) return body.error();
    return spool::DecodePage(*body);
  }

  bool is_live() const override { return true; }

 private:
  const std::string socket_;
};

class StoreSource : public RecordSource {
 public:
  explicit StoreSource(std::unique_ptr<kv::Store> store) : store_(std::move(store)) {}

  Result<spool::Page> Read(const spool::PageRequest& request) override {
    return spool::ReadPage(*store_, request);
  }
  bool is_live() const override { return false; }

 private:
  const std::unique_ptr<kv::Store> store_;
};

}  // namespace

Result<std::unique_ptr<RecordSource>> OpenRecord(const std::string& state_directory,
                                                 const std::string& socket) {
  const Status reached = Reach(socket);
  if (reached) return std::unique_ptr<RecordSource>(std::make_unique<AgentSource>(socket));
  if (reached.error().code != ErrorCode::kNotFound) return reached.error();
  auto store = spool::OpenOffline(state_directory);
  if (store) return std::unique_ptr<RecordSource>(std::make_unique<StoreSource>(*std::move(store)));
  if (store.error().code != ErrorCode::kNotFound) return store.error();
  return Error{ErrorCode::kNotFound, "the agent doesn't run, and there is no record in " + state_directory};
}

}  // namespace postern::commands
