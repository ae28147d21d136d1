#include "collector/policy/explained.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace postern::policies {
namespace {

constexpr std::string_view kTypeMark = "type:";

int64_t Seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

template <class List>
bool Holds(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// `asked`: what the question names of them.
std::string Bound(const std::string& to, const std::string& asked) {
  return asked.empty() ? " is bound to some " + to + ", and the question names none"
                       : " is bound to other " + to;
}

// What the key's own record has against it, apart from any policy.
void NoteKey(const wire::KeyRecord& key, const Question& question, WallTime at,
             std::vector<std::string>& obstacles) {
  const std::string name = "the key " + key.id();
  if (key.revoked()) obstacles.push_back(name + " is revoked: " + key.sentence());
  else if (key.disabled()) obstacles.push_back(name + " is switched off: " + key.sentence());
  if (key.expires() != 0 && key.expires() <= Seconds(at)) obstacles.push_back(name + " has expired");
  if (key.hosts_size() > 0 && !Holds(key.hosts(), question.host))
    obstacles.push_back(name + Bound("hosts", question.host));
  if (key.os_users_size() > 0 && !Holds(key.os_users(), question.os_user) &&
      !Holds(key.os_users(), question.os_user_number))
    obstacles.push_back(name + Bound("OS users", question.os_user + question.os_user_number));
}

Status CompleteFromKey(Question& question, directory::Directory& directory, WallTime at,
                       std::vector<std::string>& obstacles) {
  ASSIGN_OR_RETURN(const wire::KeyRecord key, directory.keys().Find(question.key));
  if (!question.user.empty() && question.user != key.user())
    return Error{ErrorCode::kInvalid, "the key is not this user's"};
  question.user = key.user();
  question.team = key.team();
  if (question.credentials.empty())
    question.credentials.assign(key.credentials().begin(), key.credentials().end());
  NoteKey(key, question, at, obstacles);
  return Ok{};
}

Status CompleteFromUser(Question& question, directory::Directory& directory,
                        std::vector<std::string>& obstacles) {
  const auto user = directory.people().FindUser(question.user);
  // Somebody of an OS group is in the team without being in the directory.
  if (!user && user.error().code == ErrorCode::kNotFound && !question.team.empty()) return Ok{};
  if (!user) return user.error();
  question.team = user->team();
  if (user->disabled()) obstacles.emplace_back("the user is disabled");
  return Ok{};
}

// Those of the provider, which is the first one's where none is asked for. A host's own where there are none.
Status CompleteCredentials(Question& question, directory::Directory& directory) {
  std::vector<std::string> fit;
  for (const std::string& name : question.credentials) {
    const auto credential = directory.credentials().Find(name);
    if (!credential && credential.error().code != ErrorCode::kNotFound) return credential.error();
    if (!credential) {
      if (name == policy::kOwnCredential) fit.push_back(name);
      continue;
    }
    if (question.provider.empty()) question.provider = credential->provider();
    if (credential->provider() == question.provider) fit.push_back(name);
  }
  question.credentials = std::move(fit);
  if (question.credentials.empty()) question.credentials.emplace_back(policy::kOwnCredential);
  return Ok{};
}

std::vector<policy::Tool> ToolsOf(const Question& question) {
  std::vector<policy::Tool> tools;
  for (const std::string& tool : question.tools) {
    const std::string_view text = tool;
    if (text.starts_with(kTypeMark)) tools.push_back({{}, text.substr(kTypeMark.size())});
    else tools.push_back({text, {}});
  }
  return tools;
}

policy::Facts FactsOf(const Question& question, const std::vector<policy::Tool>& tools) {
  policy::Facts facts;
  facts.call = question.model.empty() ? policy::Call::kListModels : policy::Call::kMessages;
  facts.time = question.at.value_or(WallTime());
  facts.team = question.team;
  facts.user = question.user;
  facts.key = question.key;
  facts.host = question.host;
  facts.os_user = question.os_user;
  facts.os_user_number = question.os_user_number;
  facts.provider = question.provider;
  facts.residency = question.residency;
  facts.credentials = question.credentials;
  facts.model = question.model;
  facts.tools = tools;
  if (!question.forced_tool.empty()) facts.tool_choice = policy::ToolChoice::kNamed;
  facts.forced_tool = question.forced_tool;
  facts.context_tokens = question.context_tokens;
  facts.max_tokens = question.max_tokens;
  return facts;
}

// The verdict, in texts of its own.
void Write(const policy::Verdict& verdict, Explained& explained) {
  explained.version = verdict.policy_version;
  explained.allowed = verdict.allowed() && explained.obstacles.empty();
  explained.rule = verdict.rule;
  explained.sentence = verdict.sentence;
  if (!verdict.allowed()) {
    explained.aspect = policy::Name(verdict.aspect);
    return;
  }
  for (const policy::CutTool& cut : verdict.cut_tools)
    explained.removed_tools.push_back({explained.asked.tools[cut.index], std::string(cut.rule)});
  explained.max_tokens = verdict.max_tokens;
  explained.max_tokens_rule = verdict.max_tokens_rule;
  for (size_t i = 0; i < std::min<size_t>(explained.asked.credentials.size(), 64); ++i) {
    if ((verdict.credentials >> i & 1) != 0) explained.credentials.push_back(explained.asked.credentials[i]);
  }
}

}  // namespace

Status Complete(Question& question, directory::Directory& directory, WallTime now,
                std::vector<std::string>& obstacles) {
  if (!question.at) question.at = now;
  if (!question.key.empty()) RETURN_IF_ERROR(CompleteFromKey(question, directory, *question.at, obstacles));
  else if (!question.user.empty()) RETURN_IF_ERROR(CompleteFromUser(question, directory, obstacles));
  if (question.credentials.empty() && !question.team.empty()) {
    const auto team = directory.people().FindTeam(question.team);
    if (!team) return team.error();
    question.credentials.assign(team->credentials().begin(), team->credentials().end());
  }
  return CompleteCredentials(question, directory);
}

Explained Answer(const policy::Compiled& compiled, Question question, std::vector<std::string> obstacles) {
  Explained explained;
  explained.asked = std::move(question);
  explained.obstacles = std::move(obstacles);
  const std::vector<policy::Tool> tools = ToolsOf(explained.asked);
  const policy::Facts facts = FactsOf(explained.asked, tools);
  policy::Explanation explanation = policy::Explain(compiled, facts);
  Write(explanation.verdict, explained);
  explained.statements = std::move(explanation.statements);
  explained.secrets =
      policy::ExplainSecrets(compiled, facts, explained.asked.secret_rule, explained.asked.path);
  return explained;
}

}  // namespace postern::policies
