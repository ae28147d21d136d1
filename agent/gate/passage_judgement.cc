// The part of the way on which it is decided whether an exchange may go on: whom it is for, what it asks,
// what the policy says, and by which credential it would go.
#include "agent/gate/passage.h"
#include "agent/gate/sentences.h"
#include "shared/base/json_text.h"

namespace postern::gate {
namespace {

constexpr std::chrono::seconds kNamePatience{2};
constexpr std::chrono::milliseconds kLookForName{2};

}  // namespace

http::Task<std::optional<Refusal>> Passage::Identify() {
  changes_ = gate_.changes_;
  policy_ = gate_.inquiries_ == nullptr ? settings_->policy : gate_.inquiries_->membership().policy();
  if (gate_.inquiries_ == nullptr) {
    auto identified = IdentifyByFiles(*settings_, exchange_.head(), caller_);
    facts_.identity = std::move(identified.identity);
    co_return std::move(identified.refusal);
  }
  auto identified = co_await IdentifyByCollector(*gate_.inquiries_, exchange_.strand(), *settings_,
                                                 exchange_.head(), caller_);
  facts_.identity = std::move(identified.identity);
  credentials_ = std::move(identified.credentials);
  co_return std::move(identified.refusal);
}

std::optional<Refusal> Passage::Inspect() {
  auto facts = ReadRequest();
  if (!facts) return Refusal{Reason::kMalformedBody, facts.error().message};
  facts_.request = *std::move(facts);
  facts_.body_bytes = exchange_.body().size();
  return std::nullopt;
}

// Sessions and conversations are the client's word: one person's are never another's.
std::string Passage::Owner() const {
  const identity::Identity& identity = facts_.identity;
  std::string owner = identity.key ? identity.key->value : "";
  owner += '\n' + identity.principal.user + '\n';
  if (caller_.os_user) owner += std::to_string(caller_.os_user->uid);
  return owner;
}

// What is hashed here is known again when secrets are looked for.
Result<dialect::RequestFacts> Passage::ReadRequest() {
  const std::string_view body = exchange_.body().view();
  if (gate_.screening_ == nullptr) return dialect::ReadMessagesRequest(body, gate_.json_);
  pieces_ = gate_.screening_->hash().OfPieces(body);
  return gate_.beginnings_.Read(Owner(), body, pieces_, gate_.json_);
}

std::optional<Refusal> Passage::JudgePrice() {
  const dialect::RequestFacts& request = facts_.request;
  const pricing::Place place{pricing::Endpoint::kUnsaid, request.speed, request.inference_geo};
  auto price = settings_->prices->Price(request.model, {}, arrived_, place);
  if (!price) {
    return Refusal{Reason::kUnknownModel,
                   price.error().message +
                       " This host's price list decides which models may be used; ask your administrator."};
  }
  price_model_ = std::move(price->model);
  return std::nullopt;
}

// Whether all is known by which the policy judges; mostly it is.
bool Passage::HasGrounds() const {
  if (policy_ == nullptr) return gate_.inquiries_ == nullptr;  // a lone host may go by its prices alone
  return !caller_.os_user || gate_.names_.Remembered(caller_.os_user->uid);
}

// A policy may be on its way right after the collector's greeting; the name of an OS user that was never seen
// here is being looked for, and a rule may speak of it.
http::Task<std::optional<Refusal>> Passage::FindGrounds() {
  http::Strand& strand = exchange_.strand();
  if (policy_ == nullptr) {
    policy_ = co_await gate_.inquiries_->FindPolicy(strand);
    if (strand.cancelled()) co_return std::nullopt;
    if (policy_ == nullptr) co_return NoPolicyRefusal(gate_.inquiries_->membership().outlook().link);
  }
  const BootTime until = BootClock::now() + kNamePatience;
  while (!HasGrounds() && BootClock::now() < until && !strand.cancelled()) {
    strand.SetDeadlineIn(kLookForName);
    co_await strand.Wait();
  }
  strand.ClearDeadline();
  co_return std::nullopt;
}

// Borrows from this and lasts as long. The record says, too, by which provider was judged.
Grounds Passage::MakeGrounds() {
  facts_.provider = settings_->config.upstream.provider;
  facts_.residency = settings_->config.upstream.residency;
  if (caller_.os_user) os_user_name_ = gate_.names_.Remembered(caller_.os_user->uid).value_or("");
  static const std::vector<std::string> kOwn = {std::string(policy::kOwnCredential)};
  return {.policy = *policy_->rules,
          .now = WallNow(),
          .host = settings_->host_name,
          .os_user = caller_.uid(),
          .os_user_name = os_user_name_,
          .provider = facts_.provider,
          .residency = facts_.residency,
          .credentials = settings_->credential_line ? kOwn : credentials_};
}

// Also edits the request's body as the policy orders.
std::optional<Refusal> Passage::JudgePolicy() {
  if (policy_ == nullptr) return std::nullopt;
  const std::string_view body = exchange_.body().view();
  Judgement judgement = JudgeByPolicy(MakeGrounds(), facts_, body);
  if (judgement.refusal) return std::move(judgement.refusal);
  facts_.ruling = std::move(judgement.ruling);
  if (!settings_->credential_line) KeepCredentials(judgement.credentials);
  if (facts_.ruling.cut_tools.empty() && facts_.ruling.max_tokens == 0) return std::nullopt;
  dialect::Splice splice(body, facts_.request);
  if (auto refusal = OrderEdits(facts_.ruling, splice)) return refusal;
  exchange_.body().Shrink(splice.Apply(exchange_.body().bytes()));
  pieces_.reset();
  return std::nullopt;
}

// Those whose bit is set; of more than there are bits none.
void Passage::KeepCredentials(uint64_t bits) {
  std::vector<std::string> kept;
  for (size_t i = 0; i < credentials_.size() && i < 64; ++i) {
    if ((bits >> i & 1) != 0) kept.push_back(std::move(credentials_[i]));
  }
  credentials_ = std::move(kept);
}

// The one that agent.yaml names, else the first of the key's that the collector has sealed to this agent.
http::Task<std::optional<Refusal>> Passage::FindCredential() {
  if (settings_->credential_line) {
    credential_line_ = {settings_, &*settings_->credential_line};
  } else if (gate_.inquiries_ != nullptr) {
    credential_line_ = co_await gate_.inquiries_->FindCredential(exchange_.strand(), credentials_,
                                                                 settings_->config.upstream.provider);
    if (credential_line_ == nullptr)
      co_return NoCredentialRefusal(credentials_, gate_.inquiries_->membership().outlook().link);
  }
  if (credential_line_ != nullptr) co_return std::nullopt;
  co_return Refusal{Reason::kNoCredential,
                    "This host's gate has no provider credential; tell your administrator."};
}

// Those that have a price, and that this key may use.
http::Task<void> Passage::AnswerModels() {
  if (!HasGrounds()) {
    const std::optional<Refusal> none = co_await FindGrounds();
    if (exchange_.strand().cancelled()) co_return;
    if (none) {
      co_await Refuse(*none);
      co_return;
    }
  }
  std::optional<Grounds> grounds;
  if (policy_ != nullptr) {
    grounds.emplace(MakeGrounds());
    if (const std::optional<Refusal> refusal = JudgeListing(*grounds, facts_)) {
      co_await Refuse(*refusal);
      co_return;
    }
  }
  http::Answer answer;
  answer.headers = {{"content-type", "application/json"}, {"request-id", id_text_}};
  answer.body = R"({"data":[)";
  bool first = true;
  for (const pricing::ModelPrices& model : settings_->prices->models()) {
    if (grounds && !AllowsModel(*grounds, facts_, model.id)) continue;
    if (!first) answer.body += ',';
    first = false;
    answer.body += R"({"type":"model","id":)" + JsonString(model.id) + R"(,"display_name":)" +
                   JsonString(model.id) + "}";
  }
  answer.body += R"(],"has_more":false})";
  co_await exchange_.Send(answer);
}

}  // namespace postern::gate
