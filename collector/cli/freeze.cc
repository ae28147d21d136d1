#include "collector/cli/freeze.h"

#include "collector/cli/api.h"
#include "collector/cli/body.h"
#include "collector/cli/output.h"
#include "collector/cli/reach.h"

namespace postern::cli {
namespace {

Status Call(const Invocation& call, const std::string& path, const std::string& body) {
  return MakeChange(call, {.kind = "freeze", .id = {}, .make = [&](const Api& api, const Query& query) {
                             return api.Post(path, body, query);
                           }});
}

Status Freeze(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {{"sentence", "sentence"}}));
  return Call(call, "/v1/freeze", body);
}

Status Thaw(const Invocation& call) { return Call(call, "/v1/thaw", "{}"); }

}  // namespace

std::vector<command_line::Command> FreezeCommands() {
  return {
      {.name = "freeze",
       .sentence = "Lets nothing through on any host until thaw, and ends what is under way.",
       .options =
           command_line::Join({{.name = "sentence",
                                .value = "TEXT",
                                .sentence = "What people at the clients are told: why, and whom to ask."}},
                              command_line::Join(WaitOptions(), {kJsonOption})),
       .run = Run<Freeze>},
      {.name = "thaw", .sentence = "Ends what freeze began.", .options = {kJsonOption}, .run = Run<Thaw>},
  };
}

}  // namespace postern::cli
