#include "tests/model/command.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/model/simulation.h"

namespace postern::model {
namespace {

struct Arguments {
  uint64_t first = 1;
  uint64_t last = 100;
  uint64_t exchanges = 2'000;
  unsigned jobs = 1;
  bool finds_a_bug = false;
};

bool Read(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--finds-a-bug") {
      arguments.finds_a_bug = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    char* end = nullptr;
    const uint64_t number = std::strtoull(value.c_str(), &end, 10);
    if (name == "--seed") {
      arguments.first = arguments.last = number;
    } else if (name == "--seeds" && *end == '-') {
      arguments.first = number;
      arguments.last = std::strtoull(end + 1, nullptr, 10);
    } else if (name == "--exchanges") {
      arguments.exchanges = number;
    } else if (name == "--jobs") {
      arguments.jobs = static_cast<unsigned>(number);
    } else {
      return false;
    }
  }
  return arguments.first <= arguments.last && arguments.exchanges > 0 && arguments.jobs > 0;
}

void Add(Result& sum, const Result& one) {
  sum.steps += one.steps;
  sum.admitted += one.admitted;
  sum.exhausted += one.exhausted;
  sum.unavailable += one.unavailable;
  sum.cut += one.cut;
  sum.judged += one.judged;
  sum.unproven += one.unproven;
  sum.crashes += one.crashes;
  sum.copies += one.copies;
  sum.sleeps += one.sleeps;
  sum.recoveries += one.recoveries;
  sum.spent += one.spent;
  sum.overspent += one.overspent;
  sum.violations.insert(sum.violations.end(), one.violations.begin(), one.violations.end());
}

// Seeds are independent of each other; where a bug is looked for, the first find ends it.
Result RunAll(const Arguments& arguments) {
  Result sum;
  std::mutex mutex;
  std::atomic<uint64_t> next = arguments.first;
  std::atomic<bool> found = false;
  const auto work = [&] {
    for (uint64_t seed = next++; seed <= arguments.last && !(arguments.finds_a_bug && found); seed = next++) {
      const Result result = Simulation({seed, arguments.exchanges}).Run();
      if (!result.violations.empty()) found = true;
      const std::lock_guard lock(mutex);
      Add(sum, result);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < arguments.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return sum;
}

}  // namespace

int Main(int argc, char** argv) {
  Arguments arguments;
  if (!Read(argc, argv, arguments)) {
    std::cerr << "usage: " << argv[0]
              << " [--seed N | --seeds FIRST-LAST] [--exchanges N] [--jobs N] [--finds-a-bug]\n";
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  const Result sum = RunAll(arguments);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (size_t i = 0; i < sum.violations.size() && i < 20; ++i) std::cout << sum.violations[i] << "\n";
  std::cout << "seeds " << arguments.first << "-" << arguments.last << ", " << arguments.exchanges
            << " exchanges each: " << sum.steps << " steps; " << sum.admitted << " admitted, "
            << sum.exhausted << " refused for want of money and " << sum.unavailable
            << " for want of an answer (" << sum.judged << " of them judged, " << sum.unproven
            << " without a proof), " << sum.cut << " cut; " << sum.crashes << " crashes, " << sum.copies
            << " clones, old snapshots and lost disks, " << sum.sleeps << " sleeps, " << sum.recoveries
            << " recoveries from a backup; spent " << sum.spent << ", overspent " << sum.overspent << "; "
            << sum.violations.size() << " violations; " << took << " s\n";
  return sum.violations.empty() == arguments.finds_a_bug ? 1 : 0;
}

}  // namespace postern::model
