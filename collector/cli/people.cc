#include "collector/cli/people.h"

#include "collector/cli/body.h"
#include "collector/cli/reach.h"
#include "collector/cli/resources.h"

namespace postern::cli {
namespace {

using command_line::Join;
using command_line::Option;

constexpr FieldOption kTeam{"team", "team"};
constexpr FieldOption kName{"name", "name"};
constexpr FieldOption kOsNames{"os-name", "os_names", FieldKind::kList};
constexpr FieldOption kCredentials{"credential", "credentials", FieldKind::kList};
constexpr FieldOption kOsGroups{"os-group", "os_groups", FieldKind::kList};

Status CreateUser(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {{"id", call.word(0)}}, {kTeam, kName, kOsNames}));
  return Create(call, body);
}

Status ListUsers(const Invocation& call) { return List(call, {"team"}); }

Status UpdateUser(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {kTeam, kName, kOsNames}));
  return call.arguments.Has("wait") ? UpdateAndTell(call, body) : Update(call, body);
}

Status DisableUser(const Invocation& call) { return UpdateAndTell(call, R"({"disabled":true})"); }
Status EnableUser(const Invocation& call) { return Update(call, R"({"disabled":false})"); }

Status CreateTeam(const Invocation& call) {
  ASSIGN_OR_RETURN(
      const std::string body,
      BodyOf(call, {{"id", call.word(0)}}, {{"organisation", "organisation"}, kCredentials, kOsGroups}));
  return Create(call, body);
}

Status UpdateTeam(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {kCredentials, kOsGroups}));
  return call.arguments.Has("wait") ? UpdateAndTell(call, body) : Update(call, body);
}

std::vector<Option> UserOptions() {
  return {{.name = "team", .value = "TEAM", .sentence = "An existing team; empty: none."},
          {.name = "name", .value = "TEXT", .sentence = "The name as people write it."},
          {.name = "os-name",
           .value = "NAME,…",
           .sentence = "What this person is called on hosts, where agents know people by their OS user."},
          kJsonOption};
}

std::vector<Option> TeamOptions() {
  return {{.name = "credential",
           .value = "NAME,…",
           .sentence = "The provider credentials of its keys, where they name none of their own."},
          {.name = "os-group",
           .value = "NAME,…",
           .sentence = "OS groups whose members are of this team, where they are no user of their own."},
          kJsonOption};
}

}  // namespace

std::vector<command_line::Command> UserCommands() {
  return {
      {.name = "user create",
       .words = "ID",
       .sentence = "Adds a person, such as alice@example.com.",
       .options = UserOptions(),
       .run = Run<CreateUser>},
      {.name = "user list",
       .sentence = "Shows people.",
       .options = {{.name = "team", .value = "TEAM", .sentence = "Only of this team."}, kJsonOption},
       .run = Run<ListUsers>},
      {.name = "user show",
       .words = "ID",
       .sentence = "Shows one person.",
       .options = {kJsonOption},
       .run = Run<Show>},
      {.name = "user update",
       .words = "ID",
       .sentence = "Changes what is given; a change of the team takes the keys along.",
       .options = Join(WaitOptions(), UserOptions()),
       .run = Run<UpdateUser>},
      {.name = "user disable",
       .words = "ID",
       .sentence = "Refuses all keys of this person until enabled again.",
       .options = Join(WaitOptions(), {kJsonOption}),
       .run = Run<DisableUser>},
      {.name = "user enable",
       .words = "ID",
       .sentence = "Ends what disable began.",
       .options = {kJsonOption},
       .run = Run<EnableUser>},
      {.name = "user remove",
       .words = "ID",
       .sentence = "Removes the person and revokes the person's keys for ever.",
       .options = Join(WaitOptions(), {kJsonOption}),
       .run = Run<RemoveAndTell>},
  };
}

std::vector<command_line::Command> TeamCommands() {
  return {
      {.name = "team create",
       .words = "NAME",
       .sentence = "Adds a team.",
       .options = Join({{.name = "organisation",
                         .value = "NAME",
                         .sentence = "What it is a part of; the collector's own where it is left out."}},
                       TeamOptions()),
       .run = Run<CreateTeam>},
      {.name = "team list", .sentence = "Shows teams.", .options = {kJsonOption}, .run = Run<ListAll>},
      {.name = "team show",
       .words = "NAME",
       .sentence = "Shows one team.",
       .options = {kJsonOption},
       .run = Run<Show>},
      {.name = "team update",
       .words = "NAME",
       .sentence = "Changes what is given.",
       .options = Join(WaitOptions(), TeamOptions()),
       .run = Run<UpdateTeam>},
      {.name = "team remove",
       .words = "NAME",
       .sentence = "Removes a team that has no users.",
       .options = Join(WaitOptions(), {kJsonOption}),
       .run = Run<RemoveAndTell>},
  };
}

}  // namespace postern::cli
