#include "collector/cli/policy_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include "collector/cli/api.h"
#include "collector/cli/output.h"
#include "shared/base/base64.h"
#include "shared/base/clock.h"
#include "shared/base/hex.h"
#include "shared/config/node.h"
#include "shared/crypto/key_file.h"
#include "shared/crypto/wiped.h"
#include "shared/json/writer.h"
#include "shared/policy/compiled.h"
#include "shared/policy/signed.h"
#include "shared/pricing/price_file.h"
#include "shared/zoneinfo/zoneinfo.h"

namespace postern::cli {
namespace {

constexpr std::string_view kBegin = "-----BEGIN POSTERN SIGNED POLICY-----\n";
constexpr std::string_view kEnd = "-----END POSTERN SIGNED POLICY-----\n";
constexpr size_t kLine = 76;

Error Invalid(std::string sentence) { return {ErrorCode::kInvalid, std::move(sentence)}; }

// "policy.yaml:12: …" → 12.
int LineIn(std::string_view sentence, std::string_view file) {
  int line = 0;
  if (sentence.starts_with(file) && sentence.size() > file.size() + 1)
    std::from_chars(sentence.data() + file.size() + 1, sentence.data() + sentence.size(), line);
  return line;
}

Result<policy::Catalogue> ReadCatalogue(const std::string& models) {
  if (models.empty()) return policy::Catalogue();
  ASSIGN_OR_RETURN(const config::Node file, config::ParseFile(models));
  ASSIGN_OR_RETURN(const pricing::PriceTable prices, pricing::LoadPriceTable(file));
  return policy::CatalogueOf(prices);
}

void WriteProblem(json::Writer& out, std::string_view weight, int line, std::string_view rule,
                  std::string_view sentence) {
  out.BeginObject().Text("weight", weight);
  if (line != 0) out.Integer("line", line);
  else out.Null("line");
  out.Text("rule", rule).Text("sentence", sentence).EndObject();
}

// Where the next version belongs, as the collector or the command line says.
struct Place {
  uint64_t version = 0;
  std::string collector;
  std::string author;
  std::string fingerprint_key;  // hexadecimal; empty where the collector has none
};

Result<Place> PlaceOf(const Invocation& call) {
  Place place;
  ASSIGN_OR_RETURN(const auto version, call.arguments.Number("version", 1, UINT64_MAX / 2));
  const auto collector = call.arguments.Value("collector");
  if (version.has_value() != collector.has_value())
    return Invalid("--version and --collector belong together: without them the collector is asked");
  place.author = call.arguments.ValueOr("author", "");
  if (version) {
    place.version = *version;
    place.collector = *collector;
    if (place.author.empty()) return Invalid("--author is needed where the collector isn't asked");
    place.fingerprint_key = call.arguments.ValueOr("fingerprint-key", "");
    return place;
  }
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Get("/v1/policy"));
  ASSIGN_OR_RETURN(const json::Object document, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const int64_t next, document.Integer("next", 1, INT64_MAX));
  ASSIGN_OR_RETURN(place.collector, document.Text("collector"));
  place.version = static_cast<uint64_t>(next);
  place.fingerprint_key = Cell(answer, "fingerprint_key");
  if (!place.author.empty()) return place;
  ASSIGN_OR_RETURN(const json::Value whoami, api.Get("/v1/whoami"));
  place.author = Cell(whoami, "name");
  return place;
}

Result<crypto::SigningKey> ReadKey(const std::string& file) {
  auto pem = crypto::ReadKeyFile(file);
  if (!pem) return Invalid(pem.error().message);
  const crypto::WipeAtEnd wipe(*pem);
  auto key = crypto::SigningKey::FromPem(*pem);
  if (!key) return Invalid(file + " is no Ed25519 key in PEM, as postern policy keygen makes one");
  return key;
}

Status WriteText(const Invocation& call, const std::string& text) {
  const auto file = call.arguments.Value("output");
  if (!file || *file == "-") {
    call.out << text;
    return Ok{};
  }
  std::ofstream out(*file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out.good()) return Ok{};
  return Error{ErrorCode::kDenied, *file + " can't be written"};
}

Status Sign(const Invocation& call) {
  const std::string& file = call.word(0);
  ASSIGN_OR_RETURN(const std::string text, ReadText(call, file));
  ASSIGN_OR_RETURN(policy::PolicyFile read, ReadLocally(text, file));
  ASSIGN_OR_RETURN(const crypto::SigningKey key, ReadKey(call.arguments.ValueOr("key", "")));
  ASSIGN_OR_RETURN(const Place place, PlaceOf(call));
  auto collector = FromHex(place.collector);
  if (!collector)
    return Invalid("--collector: 32 hexadecimal digits are wanted, as postern policy show --json has them");
  read.policy.set_version(place.version);
  read.policy.set_collector(*std::move(collector));
  read.policy.set_made(std::chrono::nanoseconds(WallNow().time_since_epoch()).count());
  read.policy.set_author(place.author);
  if (!place.fingerprint_key.empty()) {
    auto fingerprint_key = FromHex(place.fingerprint_key);
    if (!fingerprint_key || fingerprint_key->size() != 32)
      return Invalid(
          "--fingerprint-key: 64 hexadecimal digits are wanted, as postern policy show --json has them");
    read.policy.mutable_secrets()->set_fingerprint_key(*std::move(fingerprint_key));
  }
  RETURN_IF_ERROR(WriteText(call, Armoured(policy::Sign(read.policy, text, key))));
  const std::string public_key = ToHex(key.public_key().raw());
  if (call.arguments.Has("json")) {
    json::Writer writer;
    writer.BeginObject().Integer("version", place.version).Text("public_key", public_key).EndObject();
    (call.arguments.Has("output") ? call.out : call.err) << writer.Take() << '\n';
  } else {
    call.err << "Signed as version " << place.version << " of collector " << place.collector
             << " with the key " << public_key << ".\n";
  }
  return Ok{};
}

Status MakeKey(const Invocation& call) {
  const std::string& file = call.word(0);
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored))
    return Error{ErrorCode::kDenied, file + " is there already, and a key is never overwritten"};
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  std::string pem = key.ToPem();
  const crypto::WipeAtEnd wipe(pem);
  RETURN_IF_ERROR(crypto::WriteKeyFile(file, pem, crypto::Mode::kOwnerOnly));
  const std::string public_key = ToHex(key.public_key().raw());
  if (call.arguments.Has("json")) {
    json::Writer writer;
    writer.BeginObject().Text("public_key", public_key).EndObject();
    call.out << writer.Take() << '\n';
    return Ok{};
  }
  call.out << public_key << '\n';
  call.err << "That is the public half, for policy: {key: …} in collector.yaml and in every agent.yaml. The "
              "secret "
              "half is in "
           << file << "; keep it away from both.\n";
  return Ok{};
}

}  // namespace

Result<std::string> ReadText(const Invocation& call, const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(call.in), {});
  } else {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return Invalid("there is no file " + file);
    std::ifstream in(file, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(in), {});
    if (!in) return Invalid(file + " can't be read");
  }
  if (text.size() > kMostPolicyBytes) return Invalid(file + " is larger than any policy");
  return text;
}

bool IsSigned(std::string_view text) { return text.starts_with(kBegin); }

std::string Armoured(const wire::SignedPolicy& policy) {
  const std::string base64 = ToBase64(policy.SerializeAsString());
  std::string text(kBegin);
  for (size_t at = 0; at < base64.size(); at += kLine) text.append(base64, at, kLine).append("\n");
  return text.append(kEnd);
}

Result<std::string> Unarmoured(std::string_view text) {
  if (!IsSigned(text) || !text.ends_with(kEnd))
    return Invalid("the signed policy breaks off: its last line isn't -----END POSTERN SIGNED POLICY-----");
  text.remove_prefix(kBegin.size());
  text.remove_suffix(kEnd.size());
  std::string base64;
  std::copy_if(text.begin(), text.end(), std::back_inserter(base64),
               [](char c) { return c != '\n' && c != '\r'; });
  auto bytes = FromBase64(base64);
  if (!bytes) return Invalid("the signed policy was changed: it isn't base 64");
  return bytes;
}

Result<policy::PolicyFile> ReadLocally(std::string_view text, const std::string& file) {
  ASSIGN_OR_RETURN(policy::PolicyFile read,
                   policy::ReadPolicy(text, file, zoneinfo::ReadZoneFile, WallNow()));
  const auto compiled = policy::Compiled::Compile(read.policy, {});
  if (!compiled) return Invalid(file + ": " + compiled.error().message);
  return read;
}

Result<LocalCheck> CheckLocally(std::string_view text, const std::string& file, const std::string& models) {
  LocalCheck check;
  check.not_checked = {"users, teams and keys are not known here"};
  if (models.empty())
    check.not_checked.emplace_back("models are not known here: --models names a price table");
  ASSIGN_OR_RETURN(const policy::Catalogue catalogue, ReadCatalogue(models));
  const auto read = ReadLocally(text, file);
  json::Writer out;
  check.good = read.has_value();
  std::vector<policy::Concern> concerns;
  if (read) concerns = policy::Lint(*read, catalogue, {}, WallNow());
  for (const policy::Concern& concern : concerns)
    check.good = check.good && concern.weight != policy::Weight::kNeedsForce;
  const char* outcome = check.good ? "good" : read ? "needs_force" : "wrong";
  out.BeginObject().Text("outcome", outcome).Null("current").BeginList("problems");
  if (!read) WriteProblem(out, "wrong", LineIn(read.error().message, file), "", read.error().message);
  for (const policy::Concern& concern : concerns)
    WriteProblem(out, concern.weight == policy::Weight::kNeedsForce ? "needs_force" : "note", concern.line,
                 concern.rule, concern.sentence);
  out.EndList().Texts("not_checked", check.not_checked).EndObject();
  check.json = out.Take();
  return check;
}

int MakePolicyKey(const Invocation& call) { return Run<MakeKey>(call); }

int SignPolicy(const Invocation& call) { return Run<Sign>(call); }

}  // namespace postern::cli
