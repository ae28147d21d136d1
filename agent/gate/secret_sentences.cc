#include "agent/gate/secret_sentences.h"

#include <string>

#include "shared/base/hex.h"

namespace postern::gate {
namespace {

using screening::Place;

std::string Spoken(const Place& place) {
  const std::string message = " of message " + std::to_string(place.message + 1);
  const std::string tool = place.tool.empty() ? "a tool" : place.tool;
  if (place.part == "system") return "the system prompt";
  if (place.part == "tools") return "the description of the tool " + place.tool;
  if (place.part == "header")
    return place.tool.empty() ? "a header of the client's" : "the client's header " + place.tool;
  if (place.part == "target") return "the address that the client asks for";
  if (place.part == "thinking") return "the model's thinking" + message;
  if (place.part == "tool_input") return "the input of " + tool + message;
  if (place.part == "tool_result") return "the result of " + tool + message;
  if (place.part == "text" || place.part == "document") return "the " + place.part + message;
  return "the request";
}

// What the client sends with every request is no matter of one conversation.
std::string WayOn(const Place& place) {
  if (place.part == "header" || place.part == "target")
    return "Take it out of the client's settings (ANTHROPIC_CUSTOM_HEADERS, ANTHROPIC_BASE_URL).";
  if (place.part == "system" || place.part == "tools" || place.part == "metadata")
    return "The client sends it with every request: take it out of the settings, the tool's server or the "
           "file "
           "that it comes from, and begin anew.";
  return "The client sends it again with every request: go back to before it (/rewind, or Esc twice), or "
         "begin "
         "anew with /clear.";
}

}  // namespace

Refusal SecretBlockedRefusal(const screening::Found& found, uint64_t policy_version) {
  // Where no rule of the policy blocks, a place does.
  std::string why = ", where it can't be taken out";
  if (!found.policy_rule.empty())
    why = ", which your organisation's policy (" + found.policy_rule + ") lets not out";
  if (found.place.is_encoded) why = ", in base 64, where nothing can be taken out";
  if (found.place.part == "thinking") why = ", where nothing can be taken out: thinking is signed";
  return {.reason = Reason::kSecretBlocked,
          .sentence = "This conversation holds a secret (" + found.rule + ") in " + Spoken(found.place) +
                      why + ". " + WayOn(found.place) +
                      " If it is no secret, an administrator can let it through: postern secret allow " +
                      ToHex(found.fingerprint),
          .rule = found.policy_rule,
          .policy_version = policy_version};
}

Refusal SecretsUnreadableRefusal() {
  return {
      Reason::kSecretsUnreadable,
      "This request can't be looked through for secrets (it is nested too deeply, or a part of it says twice "
      "what it is), and so it can't leave this host."};
}

Refusal SecretsTooMuchRefusal() {
  return {
      Reason::kSecretsTooMuch,
      "This conversation has so much that looks like secrets that it can't be looked through in time, and so "
      "it can't leave this host. The client sends it again with every request: go back to before it "
      "(/rewind, or Esc twice), "
      "or begin anew with /clear."};
}

Refusal NoSecretRulesRefusal() {
  return {Reason::kNoSecretRules,
          "This host's gate isn't ready to look for secrets yet, and nothing leaves before; try again in a "
          "minute."};
}

Refusal NoSecretMemoryRefusal() {
  return {Reason::kNoSecretMemory,
          "This host's gate has no memory left to look for secrets, and nothing leaves without; tell whoever "
          "looks after this host."};
}

}  // namespace postern::gate
