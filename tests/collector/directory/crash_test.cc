// Kills a process that administers a directory, again and again, and compares what it was answered with what
// is there.
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/chronicle/verify_chains.h"
#include "collector/directory/directory.h"
#include "collector/store/rocks_store.h"
#include "shared/crypto/key_file.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"

namespace postern::directory {
namespace {

// How often each test kills; `make crash` asks for more.
int Rounds() {
  const char* rounds = std::getenv("POSTERN_CRASHES");
  return rounds != nullptr ? std::atoi(rounds) : 10;
}

// What was answered before the kills, by kind: "key" → ids.
using Answers = std::map<std::string, std::set<std::string>>;

// Runs directory_writer until it has said so many lines, kills it, and adds what it said.
void LiveAndDie(const std::string& directory, int lines, const char* mode, Answers& answers) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(support::InBuild("bin/directory_writer").c_str(), "directory_writer", directory.c_str(), mode,
          nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string said;
  char chunk[4096];
  ssize_t size = 0;
  while ((size = read(ends[0], chunk, sizeof(chunk))) > 0) {
    for (ssize_t i = 0; i < size; ++i) lines -= chunk[i] == '\n' ? 1 : 0;
    said.append(chunk, static_cast<size_t>(size));
    if (lines <= 0) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;

  std::istringstream text(said.substr(0, said.rfind('\n') + 1));
  std::string what, id;
  while (text >> what >> id) answers[what].insert(id);
}

// What is there: the acts that were recorded, and the records.
struct Found {
  std::map<std::string, int> done;     // "key.create k7x2m9q4w8ab"
  std::map<std::string, int> refused;  // likewise
  std::set<std::string> enrolments;    // agents
  std::map<store::RecordKind, std::map<std::string, store::Record>> records;
};

Found Read(store::Store& store) {
  Found found;
  for (uint64_t leaf = 0; leaf < store.stats().log_size; ++leaf) {
    wire::Event event;
    EXPECT_TRUE(event.ParseFromString(store.Events({store::Leaf{leaf}})->at(0).bytes));
    const wire::Administration& call = event.administration();
    if (event.has_administration())
      ++(call.outcome() == "done" ? found.done : found.refused)[call.action() + " " + call.target()];
    if (event.has_enrolment()) found.enrolments.insert(event.enrolment().agent());
  }
  uint64_t revision = 0;
  for (;;) {
    const auto records = store.ChangedSince(revision, 1000);
    EXPECT_TRUE(records);
    if (!records || records->empty()) return found;
    for (const store::Record& record : *records) {
      EXPECT_GE(record.revision, revision);
      revision = record.revision;
      found.records[record.kind][record.id] = record;
    }
  }
}

template <class T>
T Message(const Found& found, store::RecordKind kind, const std::string& id) {
  T message;
  const auto& of_kind = found.records.at(kind);
  const auto at = of_kind.find(id);
  EXPECT_TRUE(at != of_kind.end()) << "lost: " << id;
  EXPECT_TRUE(at == of_kind.end() || message.ParseFromString(at->second.bytes)) << id;
  return message;
}

// Every answered call is there, with its record and its event.
void ExpectAnswered(const Found& found, const Answers& all) {
  const auto each = [&](const char* what, const std::function<void(const std::string&)>& check) {
    if (const auto found_answers = all.find(what); found_answers != all.end())
      for (const std::string& id : found_answers->second) check(id);
  };
  each("user", [&](const std::string& id) {
    Message<wire::UserRecord>(found, store::RecordKind::kUser, id);
    EXPECT_EQ(found.done.count("user.create " + id), 1u) << id;
  });
  each("key", [&](const std::string& id) {
    Message<wire::KeyRecord>(found, store::RecordKind::kKey, id);
    EXPECT_EQ(found.done.count("key.create " + id), 1u) << id;
  });
  each("revoked", [&](const std::string& id) {
    EXPECT_TRUE(Message<wire::KeyRecord>(found, store::RecordKind::kKey, id).revoked());
    EXPECT_EQ(found.done.count("key.revoke " + id), 1u) << id;
  });
  each("refused",
       [&](const std::string& id) { EXPECT_EQ(found.refused.count("key.enable " + id), 1u) << id; });
  each("credential", [&](const std::string& id) {
    EXPECT_FALSE(
        Message<wire::CredentialRecord>(found, store::RecordKind::kCredential, id).encrypted().empty());
    EXPECT_EQ(found.done.count("credential.add " + id), 1u) << id;
  });
  each("rotated", [&](const std::string& id) {
    EXPECT_EQ(Message<wire::CredentialRecord>(found, store::RecordKind::kCredential, id).generation(), 2u);
    EXPECT_EQ(found.done.count("credential.rotate " + id), 1u) << id;
  });
  each("agent", [&](const std::string& id) {
    Message<wire::AgentRecord>(found, store::RecordKind::kAgent, id);
    EXPECT_TRUE(found.enrolments.contains(id)) << id;
  });
  each("removed", [&](const std::string& id) {
    EXPECT_TRUE(Message<wire::UserRecord>(found, store::RecordKind::kUser, id).removed());
  });
}

// There is no record without its event and no event without its record, answered or not.
void ExpectPaired(const Found& found) {
  const auto targets = [&](const std::string& action) {
    std::set<std::string> ids;
    for (const auto& [act, times] : found.done) {
      if (act.starts_with(action + " ")) ids.insert(act.substr(action.size() + 1));
      EXPECT_EQ(times, 1) << act;
    }
    return ids;
  };
  const auto ids = [&](store::RecordKind kind) {
    std::set<std::string> all;
    if (const auto of_kind = found.records.find(kind); of_kind != found.records.end())
      for (const auto& [id, record] : of_kind->second) all.insert(id);
    return all;
  };
  EXPECT_EQ(targets("key.create"), ids(store::RecordKind::kKey));
  EXPECT_EQ(targets("user.create"), ids(store::RecordKind::kUser));
  EXPECT_EQ(targets("credential.add"), ids(store::RecordKind::kCredential));
  EXPECT_EQ(targets("enrolment_token.create"), ids(store::RecordKind::kEnrolmentToken));
  EXPECT_EQ(found.enrolments, ids(store::RecordKind::kAgent));
  std::set<std::string> revoked, spent;
  for (const std::string& id : ids(store::RecordKind::kKey)) {
    if (Message<wire::KeyRecord>(found, store::RecordKind::kKey, id).revoked()) revoked.insert(id);
  }
  for (const std::string& id : targets("key.revoke")) EXPECT_TRUE(revoked.contains(id)) << id;
  for (const std::string& id : ids(store::RecordKind::kEnrolmentToken)) {
    const auto token = Message<wire::EnrolmentTokenRecord>(found, store::RecordKind::kEnrolmentToken, id);
    if (!token.spent_by().empty()) spent.insert(token.spent_by());
  }
  EXPECT_EQ(spent, found.enrolments);
}

void ExpectWhole(const std::string& directory, const Answers& answers) {
  auto store = store::OpenRocksStore({.directory = directory + "/store"});
  ASSERT_TRUE(store) << store.error().message;
  const auto verdict = chronicle::VerifyChains(**store, nullptr);
  ASSERT_TRUE(verdict);
  for (const std::string& problem : verdict->problems) ADD_FAILURE() << problem;
  const Found found = Read(**store);
  ExpectAnswered(found, answers);
  ExpectPaired(found);
}

void KillAgainAndAgain(const char* mode) {
  const support::TemporaryDirectory directory;
  std::mt19937 random(11);
  Answers answers;
  for (int round = 0; round < Rounds() && !testing::Test::HasFailure(); ++round) {
    LiveAndDie(directory.path(), 2 + static_cast<int>(random() % 60), mode, answers);
    ExpectWhole(directory.path(), answers);
  }
  EXPECT_GT(answers["key"].size(), 0u);
  EXPECT_GT(answers["removed"].size(), 0u);
}

TEST(Crash, EveryAnsweredCallIsThereAfterAKill) { KillAgainAndAgain(""); }

TEST(Crash, EveryAnsweredCallIsThereAfterAPowerCut) { KillAgainAndAgain("--hold-unsynced"); }

}  // namespace
}  // namespace postern::directory
