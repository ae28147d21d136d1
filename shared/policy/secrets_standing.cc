// How two policies differ in what happens to secrets.
#include <algorithm>
#include <string>
#include <string_view>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "shared/policy/secret_words.h"
#include "shared/policy/standing.h"

namespace postern::policy {
namespace {

template <class List>
std::string Listed(const List& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : ", ") + item;
  return text;
}

// "off for generic-* in */testdata/*, then redact".
std::string Spoken(const Level& level) {
  std::string text;
  for (const wire::SecretRule& order : level.scalars.secrets()) {
    text += (text.empty() ? "" : ", then ") + std::string(WordFor(order.action()));
    if (order.rules_size() > 0) text += " for " + Listed(order.rules());
    if (order.paths_size() > 0) text += " in " + Listed(order.paths());
  }
  return text;
}

}  // namespace

void Assessing::AddSecrets(const Chain& chain, const Somebody& somebody, Standing& standing) const {
  std::string& orders = standing.texts["secrets"];
  orders = "redact";
  for (const Level* level : chain.levels()) {
    if (level->scalars.secrets_size() == 0) continue;
    if (level->kind == LevelKind::kOrganisation) orders = Spoken(*level);
    else orders += "; at least " + Spoken(*level);
  }
  Facts facts;
  facts.team = somebody.team;
  facts.user = somebody.user;
  facts.key = somebody.key;
  const SecretOrders restored = compiled_.SecretOrdersFor(facts);
  Names& tools = standing.lists["restore"];
  for (const std::string_view tool : kRestorableTools) {
    if (restored.Restores(tool)) tools.emplace(tool);
  }
  const int64_t now = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
  Names& allowed = standing.lists["allowed secrets"];
  for (const auto& [fingerprint, secret] : tables_.allowed_secrets) {
    if (secret.until == 0 || now < secret.until) allowed.insert(ToHex(fingerprint));
  }
  standing.texts["answers"] = tables_.secret_terms.answers ? "looked at" : "";
  const std::string& rules = tables_.secret_terms.rules;
  if (!rules.empty())
    standing.texts["rules for secrets"] =
        "own, " + ToHex(crypto::AsBytes(crypto::Sha256(rules))).substr(0, 12);
}

}  // namespace postern::policy
