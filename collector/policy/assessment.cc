#include "collector/policy/assessment.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "shared/limits/policy_limits.h"
#include "shared/policy/compiled.h"
#include "shared/policy/lint.h"

namespace postern::policies {
namespace {

// What errors and the history call the text, whatever the file's name at the caller was.
constexpr std::string_view kFileName = "policy.yaml";

template <class Item, class List, class Take>
Status EachPage(const List& list, const Take& take) {
  directory::PageRequest request{.cursor = {}, .limit = store::Store::kMaxPage};
  do {
    Result<directory::Page<Item>> page = list(request);
    if (!page) return page.error();
    for (const Item& item : page->items) take(item);
    request.cursor = page->next;
  } while (request.cursor);
  return Ok{};
}

Problem Wrong(const Error& error) {
  return {Problem::Weight::kWrong, LineIn(error.message), {}, error.message};
}

Problem ProblemOf(const policy::Concern& concern) {
  const bool needs_force = concern.weight == policy::Weight::kNeedsForce;
  return {needs_force ? Problem::Weight::kNeedsForce : Problem::Weight::kNote, concern.line, concern.rule,
          concern.sentence};
}

}  // namespace

bool Assessment::has(Problem::Weight weight) const {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const Problem& problem) { return problem.weight == weight; });
}

int LineIn(std::string_view sentence) {
  if (!sentence.starts_with(kFileName)) return 0;
  sentence.remove_prefix(kFileName.size());
  if (!sentence.starts_with(':')) return 0;
  int line = 0;
  std::from_chars(sentence.data() + 1, sentence.data() + sentence.size(), line);
  return line;
}

Result<policy::People> PeopleOf(directory::Directory& directory) {
  policy::People people;
  RETURN_IF_ERROR(
      EachPage<wire::TeamRecord>([&](const auto& page) { return directory.people().ListTeams(page); },
                                 [&](const wire::TeamRecord& team) { people.teams.push_back(team.id()); }));
  RETURN_IF_ERROR(EachPage<wire::UserRecord>(
      [&](const auto& page) { return directory.people().ListUsers(std::nullopt, page); },
      [&](const wire::UserRecord& user) { people.users.push_back({user.id(), user.team()}); }));
  RETURN_IF_ERROR(EachPage<wire::KeyRecord>([&](const auto& page) { return directory.keys().List({}, page); },
                                            [&](const wire::KeyRecord& key) {
                                              if (!key.revoked())
                                                people.keys.push_back({key.id(), key.user(), key.team()});
                                            }));
  RETURN_IF_ERROR(EachPage<wire::CredentialRecord>(
      [&](const auto& page) { return directory.credentials().List(page); },
      [&](const wire::CredentialRecord& credential) { people.credentials.push_back(credential.id()); }));
  RETURN_IF_ERROR(EachPage<wire::AgentRecord>([&](const auto& page) { return directory.agents().List(page); },
                                              [&](const wire::AgentRecord& agent) {
                                                if (agent.state() != wire::AGENT_REVOKED)
                                                  people.hosts.push_back(agent.host());
                                              }));
  return people;
}

Reader::Read Reader::ReadText(std::string_view yaml, WallTime now) const {
  Read read;
  auto file = policy::ReadPolicy(yaml, kFileName, zones_, now);
  if (!file) {
    read.wrong = Wrong(file.error());
    return read;
  }
  const auto compiled = policy::Compiled::Compile(file->policy, catalogue_);
  if (!compiled) {
    read.wrong = Wrong(compiled.error());
    return read;
  }
  // As wallets and the ledger will read them.
  if (const auto limits = limits::TableOf(file->policy); !limits) {
    read.wrong = Wrong(limits.error());
    return read;
  }
  read.file = *std::move(file);
  return read;
}

std::vector<Problem> Reader::Doubts(const policy::PolicyFile& file, const policy::People& people,
                                    WallTime now) const {
  std::vector<Problem> problems;
  for (const policy::Concern& concern : policy::Lint(file, catalogue_, people, now))
    problems.push_back(ProblemOf(concern));
  return problems;
}

}  // namespace postern::policies
