// Runs a fuzzer's entry point over its seeds without libFuzzer, so that an ordinary test run on any compiler
// exercises it:
//
//   sse_fuzzer DIRECTORY...
//
// Each file is given as it is, cut short at several places, and in a fixed number of mutations that are the
// same in every run on every machine. A directory that holds no file is a failure: a fuzzer without seeds
// would pass unseen.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutations = 64;                       // of each seed
constexpr int kCuts = 16;                            // of each seed
constexpr size_t kLargestMutated = size_t{1} << 16;  // a larger seed is given as it is, and only so

// SplitMix64: small, and the same everywhere, which std's distributions are not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  size_t Below(size_t limit) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<size_t>((z ^ (z >> 31)) % limit);
  }

 private:
  uint64_t state_;
};

// A copy that isn't larger than the input, so that a read past its end is one past an allocation's end.
void Give(std::string_view input) {
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void MutateOnce(std::string& input, Dice& dice) {
  // Bytes on which parsers turn.
  static constexpr std::string_view kTelling("\0\r\n \t:;,\"\\{}[]-09afZ\x7f\x80\xc3\xff", 24);
  const size_t at = dice.Below(input.size() + 1);
  const char telling = kTelling[dice.Below(kTelling.size())];
  switch (dice.Below(6)) {
    case 0: input.insert(at, 1, telling); break;
    case 1:
      if (at < input.size()) input[at] = telling;
      break;
    case 2:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ 1 << dice.Below(8));
      break;
    case 3: input.erase(at, 1 + dice.Below(8)); break;
    case 4:  // a piece twice
      input.insert(at, input.substr(at, 1 + dice.Below(32)));
      break;
    default:  // a piece from elsewhere
      input.insert(at, input.substr(dice.Below(input.size() + 1), 1 + dice.Below(16)));
      break;
  }
}

// Returns how many inputs were given.
int Replay(const std::string& seed) {
  Give(seed);
  if (seed.size() > kLargestMutated) return 1;
  Dice dice(seed.size());
  for (int i = 0; i < kCuts; ++i) Give(std::string_view(seed).substr(0, dice.Below(seed.size() + 1)));
  for (int i = 0; i < kMutations; ++i) {
    std::string mutant = seed;
    for (size_t changes = 1 + dice.Below(4); changes > 0; --changes) MutateOnce(mutant, dice);
    Give(mutant);
  }
  return 1 + kCuts + kMutations;
}

std::vector<std::filesystem::path> FilesOf(const char* directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY...\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const auto files = FilesOf(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "%s holds no seed\n", argv[i]);
      return 1;
    }
    int inputs = 0;
    for (const auto& file : files) {
      std::ifstream stream(file, std::ios::binary);
      std::printf("%s\n", file.c_str());  // the last line before a crash names the seed
      std::fflush(stdout);
      inputs += Replay({std::istreambuf_iterator<char>(stream), {}});
    }
    std::printf("%s: %zu seeds, %d inputs\n", argv[i], files.size(), inputs);
  }
  return 0;
}
