#include "shared/secrets/samples.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace postern::secrets {
namespace {

constexpr size_t kMostFilling = 100'000;

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

std::string AlphabetOf(std::string_view name) {
  const std::string digits(kDigits), lower(kLower), upper(kUpper);
  if (name == "digit") return digits;
  if (name == "lower") return lower;
  if (name == "upper") return upper;
  if (name == "letter") return lower + upper;
  if (name == "hex") return digits + "abcdef";
  if (name == "HEX") return digits + "ABCDEF";
  if (name == "base36") return digits + lower;
  if (name == "BASE36") return digits + upper;
  if (name == "alnum") return digits + lower + upper;
  if (name == "base58") return "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  if (name == "base64") return digits + lower + upper + "+/";
  if (name == "base64url") return digits + lower + upper + "-_";
  return "";
}

// The same numbers everywhere and always (SplitMix64).
uint64_t Next(uint64_t& state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

struct Filling {
  std::string alphabet;
  size_t count = 0;
};

std::optional<Filling> FillingIn(std::string_view inside) {
  const size_t space = inside.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view name = inside.substr(0, space);
  std::string_view rest = inside.substr(space + 1);
  Filling filling{.alphabet = AlphabetOf(name)};
  if (name == "same" && rest.size() >= 3 && rest[rest.size() - 2] == ' ') {
    filling.alphabet = rest.back();
    rest.remove_suffix(2);
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), filling.count);
  if (filling.alphabet.empty() || error != std::errc{} || end != rest.data() + rest.size())
    return std::nullopt;
  return filling;
}

// Of the rule's id and the sample's place: another order of the rules changes nothing.
uint64_t SeedOf(std::string_view id, size_t sample) {
  uint64_t hash = 0xcbf29ce484222325 + sample;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

class Prover {
 public:
  explicit Prover(const Scanner& scanner) : scanner_(scanner), workspace_(scanner) {}

  Proof Prove() {
    for (uint32_t i = 0; i < scanner_.rules().rules.size(); ++i) ProveRule(i);
    return std::move(proof_);
  }

 private:
  void ProveRule(uint32_t index) {
    const Rule& rule = scanner_.rules().rules[index];
    ++proof_.rules;
    if (rule.true_samples.empty()) Fail(rule, "it has no true sample");
    for (size_t i = 0; i < rule.true_samples.size(); ++i) {
      ++proof_.true_samples;
      const auto finds = Finds(index, rule.true_samples[i], SeedOf(rule.id, i));
      if (!finds || !*finds) Fail(rule, "its true sample " + std::to_string(i + 1) + " isn't found");
    }
    for (size_t i = 0; i < rule.false_samples.size(); ++i) {
      ++proof_.false_samples;
      const auto finds = Finds(index, rule.false_samples[i], SeedOf(rule.id, 1000 + i));
      if (!finds || *finds) Fail(rule, "its false sample " + std::to_string(i + 1) + " is found");
    }
  }

  // Nothing where the sample can't be filled in or scanned.
  std::optional<bool> Finds(uint32_t index, std::string_view sample, uint64_t seed) {
    const std::string_view file = TakeFile(sample);
    const auto filled = FilledIn(sample, seed);
    if (!filled) return std::nullopt;
    const bool by_path = scanner_.rules().rules[index].regex.empty();
    const Fragment fragment =
        by_path ? Fragment{.text = {}, .path = *filled} : Fragment{.text = *filled, .path = file};
    const auto findings = scanner_.Scan(fragment, workspace_, {});
    if (!findings) return std::nullopt;
    return std::any_of(findings->begin(), findings->end(),
                       [&](const Finding& finding) { return finding.rule == index; });
  }

  void Fail(const Rule& rule, const std::string& what) {
    proof_.failures.push_back(rule.where + ": " + rule.id + ": " + what);
  }

  const Scanner& scanner_;
  Workspace workspace_;
  Proof proof_;
};

}  // namespace

Result<std::string> FilledIn(std::string_view sample, uint64_t seed) {
  std::string text;
  for (size_t at = 0; at < sample.size();) {
    const size_t end = sample[at] == '{' ? sample.find('}', at) : std::string_view::npos;
    const auto filling =
        end == std::string_view::npos ? std::nullopt : FillingIn(sample.substr(at + 1, end - at - 1));
    if (!filling) {
      text += sample[at++];
      continue;
    }
    if (filling->count > kMostFilling) return Error{ErrorCode::kInvalid, "a sample is too long"};
    for (size_t i = 0; i < filling->count; ++i)
      text += filling->alphabet[Next(seed) % filling->alphabet.size()];
    at = end + 1;
  }
  return text;
}

std::string_view TakeFile(std::string_view& sample) {
  constexpr std::string_view kBegin = "{file ";
  const size_t end = sample.find('}');
  if (!sample.starts_with(kBegin) || end == std::string_view::npos) return {};
  const std::string_view file = sample.substr(kBegin.size(), end - kBegin.size());
  sample.remove_prefix(end + 1);
  return file;
}

Proof Prove(const Scanner& scanner) { return Prover(scanner).Prove(); }

}  // namespace postern::secrets
