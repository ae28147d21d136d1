// Kills a process that writes the record, again and again, and looks at what is left.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"
#include "tests/support/killed_process.h"
#include "tests/support/paths.h"

namespace postern::spool {
namespace {

using support::Birth;
using support::Death;

// What a writer was promised before it died, over all of its lives.
struct Promises {
  std::set<uint64_t> written;  // intents
  std::set<uint64_t> synced;   // intents
  std::set<uint64_t> settled;  // outcomes, synced
  std::set<uint64_t> given;    // intents that were handed to the collector
  std::set<uint64_t> begun;    // incarnations
};

enum class Host { kLone, kWithCollector };

// Runs spool_writer, lets it live for a while after it is ready, kills it, and adds what it said.
void LiveAndDie(const std::string& directory, std::chrono::microseconds life, Death death, Promises& promises,
                Host host = Host::kLone) {
  std::vector<std::string> argv = {support::InBuild("bin/spool_writer"), directory, "16"};
  if (death == Death::kPowerCut) argv.emplace_back("--hold-unsynced");
  if (host == Host::kWithCollector) argv.emplace_back("--collector");
  const auto said = support::LiveAndDie(
      {.argv = argv, .directory = directory, .death = death, .birth = Birth::kFirstLine, .life = life});
  ASSERT_TRUE(said) << said.error().message;

  std::istringstream lines(*said);
  char what = 0;
  uint64_t number = 0;
  while (lines >> what >> number) {
    if (what == 'w') promises.written.insert(number);
    if (what == 's') promises.synced.insert(number);
    if (what == 'o') promises.settled.insert(number);
    if (what == 'g') promises.given.insert(number);
    if (what == 'i') promises.begun.insert(number);
  }
}

// Of a crash test that was one, so many things were promised.
constexpr size_t kEnough = 100;

// Longer and longer lives until there was enough to lose, however slow the machine is.
void LiveUntil(const std::function<bool()>& is_enough, const std::string& directory, Death death,
               Promises& promises, Host host = Host::kLone) {
  for (int life = 1; !is_enough(); life *= 2)
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(directory, std::chrono::seconds(life), death, promises, host));
}

struct Found {
  std::map<uint64_t, int> intents;
  std::map<uint64_t, int> complete;
  std::map<uint64_t, int> interrupted;
};

uint64_t NumberOf(const std::string& exchange) {
  uint64_t number = 0;
  for (size_t i = 8; i < 16; ++i) number = number << 8 | static_cast<uint8_t>(exchange.at(i));
  return number;
}

Found Count(const Page& page) {
  Found found;
  for (const wire::Event& event : Events(page)) {
    if (event.has_intent()) ++found.intents[NumberOf(event.intent().exchange())];
    if (event.has_outcome()) {
      const bool interrupted = event.outcome().ending() == wire::ENDING_INTERRUPTED;
      ++(interrupted ? found.interrupted : found.complete)[NumberOf(event.outcome().exchange())];
    }
  }
  return found;
}

// Nothing that was promised is missing, nothing is there twice, and the chain holds.
void ExpectKept(const Page& page, const std::set<uint64_t>& intents, const std::set<uint64_t>& outcomes) {
  const Verdict verdict = Verify(page);
  ASSERT_TRUE(verdict.sound()) << *verdict.problem;
  const Found found = Count(page);
  for (const uint64_t number : intents)
    EXPECT_EQ(found.intents.count(number), 1u) << "lost intent " << number;
  for (const uint64_t number : outcomes)
    EXPECT_EQ(found.complete.count(number), 1u) << "lost outcome " << number;
  for (const auto& [number, times] : found.intents) {
    EXPECT_EQ(times, 1) << number;
    const auto of = [&](const std::map<uint64_t, int>& in) {
      return in.contains(number) ? in.at(number) : 0;
    };
    EXPECT_LE(of(found.complete) + of(found.interrupted), 1) << number;
  }
}

void OpenAndClose(const std::string& directory) {
  JournalOptions options;
  options.directory = directory;
  const auto journal = Journal::Open(std::move(options));
  ASSERT_TRUE(journal) << journal.error().message;
}

TEST(Crash, NothingWrittenIsLostWhenTheProcessIsKilled) {
  TemporaryDirectory directory;
  Promises promises;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < support::Crashes(); ++round) {
    ASSERT_NO_FATAL_FAILURE(
        LiveAndDie(directory.path(), std::chrono::microseconds(random() % 120'000), Death::kKill, promises));
    // What is on disk now, before anybody has recovered it.
    ASSERT_NO_FATAL_FAILURE(ExpectKept(ReadAll(directory.path()), promises.written, promises.settled));
  }
  ASSERT_NO_FATAL_FAILURE(
      LiveUntil([&] { return promises.written.size() > kEnough; }, directory.path(), Death::kKill, promises));
  ASSERT_NO_FATAL_FAILURE(OpenAndClose(directory.path()));
  const Page page = ReadAll(directory.path());
  ASSERT_NO_FATAL_FAILURE(ExpectKept(page, promises.written, promises.settled));
  EXPECT_EQ(Verify(page).open_exchanges, 0u);
}

TEST(Crash, NothingIsLostWhenItIsKilledWhileItRecovers) {
  TemporaryDirectory directory;
  Promises promises;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < support::Crashes() / 4; ++round) {
    ASSERT_NO_FATAL_FAILURE(
        LiveAndDie(directory.path(), std::chrono::milliseconds(50), Death::kKill, promises));
    for (int again = 0; again < 4; ++again) {
      // Opening takes about this long.
      const auto said =
          support::LiveAndDie({.argv = {support::InBuild("bin/spool_writer"), directory.path(), "1"},
                               .life = std::chrono::microseconds(random() % 60'000)});
      ASSERT_TRUE(said) << said.error().message;
    }
  }
  ASSERT_NO_FATAL_FAILURE(OpenAndClose(directory.path()));
  const Page page = ReadAll(directory.path());
  ASSERT_NO_FATAL_FAILURE(ExpectKept(page, promises.written, promises.settled));
  EXPECT_EQ(Verify(page).open_exchanges, 0u);
}

void ExpectNothingSyncedIsLost(Death death) {
  TemporaryDirectory directory;
  Promises promises;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < support::Crashes(); ++round) {
    ASSERT_NO_FATAL_FAILURE(
        LiveAndDie(directory.path(), std::chrono::microseconds(random() % 120'000), death, promises));
    ASSERT_NO_FATAL_FAILURE(ExpectKept(ReadAll(directory.path()), promises.synced, promises.settled));
  }
  ASSERT_NO_FATAL_FAILURE(
      LiveUntil([&] { return promises.synced.size() > kEnough; }, directory.path(), death, promises));
  ASSERT_NO_FATAL_FAILURE(OpenAndClose(directory.path()));
  const Page page = ReadAll(directory.path());
  ASSERT_NO_FATAL_FAILURE(ExpectKept(page, promises.synced, promises.settled));
  EXPECT_EQ(Verify(page).open_exchanges, 0u);
}

TEST(Crash, NothingSyncedIsLostWhenThePowerIsCut) { ExpectNothingSyncedIsLost(Death::kPowerCut); }

std::set<uint64_t> Incarnations(const Page& page) {
  std::set<uint64_t> incarnations;
  for (const wire::Event& event : Events(page)) incarnations.insert(event.incarnation());
  return incarnations;
}

// What the collector was given or had begun can't be taken back by a power cut: it would see a fork.
TEST(Crash, NothingTheCollectorWasGivenIsLostWhenThePowerIsCut) {
  TemporaryDirectory directory;
  Promises promises;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < support::Crashes(); ++round) {
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(directory.path(),
                                       std::chrono::microseconds(60'000 + random() % 120'000),
                                       Death::kPowerCut, promises, Host::kWithCollector));
    const Page page = ReadAll(directory.path());
    ASSERT_NO_FATAL_FAILURE(ExpectKept(page, promises.given, promises.settled));
    const std::set<uint64_t> incarnations = Incarnations(page);
    for (const uint64_t begun : promises.begun)
      EXPECT_TRUE(incarnations.contains(begun)) << "lost incarnation " << begun;
  }
  ASSERT_NO_FATAL_FAILURE(
      LiveUntil([&] { return promises.given.size() > kEnough && !promises.begun.empty(); }, directory.path(),
                Death::kPowerCut, promises, Host::kWithCollector));
  ASSERT_NO_FATAL_FAILURE(ExpectKept(ReadAll(directory.path()), promises.given, promises.settled));
  ASSERT_NO_FATAL_FAILURE(OpenAndClose(directory.path()));
  EXPECT_EQ(Verify(ReadAll(directory.path())).open_exchanges, 0u);
}

// How many bytes of an unsynced file a killed shell leaves behind.
size_t LeftBehind(const std::string& environment) {
  TemporaryDirectory directory;
  const std::string script = "exec env " + environment + " POWER_CUT_DIRECTORY=" + directory.path() +
                             " sh -c 'printf x >&3; kill -9 $$' 3>" + (directory / "file");
  EXPECT_NE(std::system(script.c_str()), 0);
  return std::filesystem::file_size(directory / "file");
}

TEST(Crash, ThePreloadedLibraryCutsThePower) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
#endif
  EXPECT_EQ(LeftBehind("NOTHING=1"), 1u);
  EXPECT_EQ(LeftBehind("LD_PRELOAD=" + support::InBuild("lib/power_cut.so")), 0u);
}

TEST(Crash, NothingSyncedIsLostWhenThePreloadedPowerIsCut) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
#endif
  ExpectNothingSyncedIsLost(Death::kPreload);
}

}  // namespace
}  // namespace postern::spool
