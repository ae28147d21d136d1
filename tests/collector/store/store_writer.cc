// A program to be killed: several threads commit to one store as fast as it takes them, and say on standard
// output what they were promised.
//
//   store_writer <store directory> <threads> [--hold-unsynced]
//
// Each thread goes on with a chain of its own, now and then with a record and a group that is set aside in
// the same change, and says "c <thread> <sequence> <leaf>" for the last event of a change once it is
// committed. With --hold-unsynced a kill is a power cut.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include "collector/store/rocks_store.h"
#include "shared/kv/faults.h"
#include "tests/collector/store/writer.h"

namespace postern::store {
namespace {

// One write(2) each: what has reached the pipe was promised before the kill.
void Say(char what, size_t thread, uint64_t sequence, uint64_t leaf) {
  char line[96];
  const int size =
      std::snprintf(line, sizeof(line), "%c %zu %llu %llu\n", what, thread,
                    static_cast<unsigned long long>(sequence), static_cast<unsigned long long>(leaf));
  if (write(STDOUT_FILENO, line, static_cast<size_t>(size)) != size) std::_Exit(1);
}

void CommitForEver(Store& store, size_t thread) {
  const std::string agent = "writer" + std::to_string(thread);
  const auto stored = store.FindChain(agent, 1);
  if (!stored) std::_Exit(1);
  Writer writer = *stored ? Writer(**stored) : Writer(agent, 1);
  for (uint64_t turn = writer.chain().sequence;; ++turn) {
    for (uint64_t i = 0; i <= turn % 4; ++i) {
      writer.Add({.time = At(static_cast<int64_t>(turn)), .kind = "outcome", .user = agent, .model = "m"},
                 {.requests = 1, .nano_dollars = 1});
    }
    Change change = writer.Take();
    if (turn % 5 == 0) {
      const auto record = store.Get(RecordKind::kKey, agent);
      if (!record) std::_Exit(1);
      change.records = {PutRecord(RecordKind::kKey, agent, std::to_string(turn),
                                  *record ? (*record)->revision : 0, {"turn:" + std::to_string(turn % 3)})};
      change.set_aside.push_back({agent, 1, turn, At(0), "fork", "bytes"});
    }
    const auto receipt = store.Commit(change);
    if (!receipt) {
      std::fprintf(stderr, "%s\n", receipt.error().message.c_str());
      std::_Exit(1);
    }
    Say('c', thread, writer.chain().sequence, static_cast<uint64_t>(receipt->first_leaf) + turn % 4);
  }
}

int Run(const std::string& directory, size_t threads, const std::shared_ptr<kv::Faults>& faults) {
  auto opened = OpenRocksStore({.directory = directory, .faults = faults});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 1;
  }
  std::vector<std::thread> all;
  for (size_t i = 0; i < threads; ++i) all.emplace_back([&, i] { CommitForEver(**opened, i); });
  for (std::thread& thread : all) thread.join();
  return 0;
}

}  // namespace
}  // namespace postern::store

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const bool hold_unsynced = argc > 3 && std::string_view(argv[3]) == "--hold-unsynced";
  return postern::store::Run(argv[1], static_cast<size_t>(std::atoi(argv[2])),
                             hold_unsynced ? std::make_shared<postern::kv::Faults>(true) : nullptr);
}
