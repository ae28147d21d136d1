// A program to be killed: takes one policy after the other from a collector that it plays itself, and says on
// standard output what it was promised.
//
//   policy_writer <state directory> <first version> [--hold-unsynced]
//
// "o <version>" before a policy is offered, "s <version>" when it is in force and on the disk. With
// --hold-unsynced a kill is a power cut.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include <unistd.h>

#include "agent/membership/membership.h"
#include "shared/kv/faults.h"
#include "tests/agent/membership/policies.h"

namespace postern::membership {
namespace {

constexpr int kMessages = 400;  // of 200 bytes each: so that a policy takes a while to write

// One write(2) each: what has reached the pipe was promised before the kill.
void Promise(char what, uint64_t version) {
  const std::string line = std::string(1, what) + " " + std::to_string(version) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(1);
}

wire::Policy LargePolicy(uint64_t version) {
  wire::Policy policy = PolicyOf(version);
  for (int i = 0; i < kMessages; ++i) {
    wire::PolicyTeam& team = *policy.add_teams();
    team.set_id("team-" + std::to_string(i));
    team.mutable_rules()->set_message(std::string(200, static_cast<char>('a' + version % 26)));
  }
  return policy;
}

[[noreturn]] void Write(const std::string& directory, uint64_t version, bool hold) {
  Options options;
  options.directory = directory;
  options.incarnation = 42;
  if (hold) options.faults = std::make_shared<kv::Faults>(true);
  const Enrolment enrolment = MakeEnrolment();
  auto membership = *Membership::Open(enrolment, std::move(options));
  wire::Welcome welcome;
  welcome.set_incarnation(42);
  welcome.set_policy_key(std::string(PolicyKey().public_key().raw()));
  membership->Take(welcome, BootClock::now());
  Promise('r', 0);
  for (;; ++version) {
    Promise('o', version);
    std::promise<void> answered;
    for (const wire::PolicyPart& part : PartsOf(SignedBytes(LargePolicy(version)), version, 40'000)) {
      membership->Take(part, [&](const PolicyAnswer& answer) {
        CHECK(answer.refused.empty());
        answered.set_value();
      });
    }
    answered.get_future().wait();
    Promise('s', version);
  }
}

}  // namespace
}  // namespace postern::membership

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  postern::membership::Write(argv[1], std::strtoull(argv[2], nullptr, 10),
                             argc > 3 && std::string_view(argv[3]) == "--hold-unsynced");
}
