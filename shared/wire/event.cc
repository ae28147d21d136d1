#include "shared/wire/event.h"

#include <algorithm>
#include <string>

namespace postern::wire {
namespace {

// The length of the well-formed UTF-8 character at the start of `text` (Unicode 15, table 3-7), or 0.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
}

// Makes one event's strings and lists fit, and counts.
class Cutter {
 public:
  explicit Cutter(Event& event) : event_(event) {}

  // Fields are touched only where they must change: asking protobuf for a mutable string allocates one.
  template <class Message>
  void Cut(Message& message, const std::string& (Message::*read)() const, std::string* (Message::*change)()) {
    if (!Fits((message.*read)(), kMaxStringBytes)) Cut(*(message.*change)(), kMaxStringBytes);
  }

  // Hashes, ids and keys have a fixed length; a longer one is a mistake that may not grow the event.
  template <class Message>
  void CutBytes(Message& message, const std::string& (Message::*read)() const,
                std::string* (Message::*change)(), size_t most) {
    if ((message.*read)().size() <= most) return;
    (message.*change)()->resize(most);
    event_.set_cut_strings(event_.cut_strings() + 1);
  }

  template <class List>
  void CutCount(List* list, int most) {
    if (list->size() <= most) return;
    event_.set_dropped_items(event_.dropped_items() + static_cast<uint32_t>(list->size() - most));
    list->DeleteSubrange(most, list->size() - most);
  }

  template <class List>
  void CutList(List* list, int most) {
    CutCount(list, most);
    for (std::string& name : *list) {
      if (!Fits(name, kMaxNameBytes)) Cut(name, kMaxNameBytes);
    }
  }

  void Cut(Principal* principal) {
    Cut(*principal, &Principal::key_id, &Principal::mutable_key_id);
    Cut(*principal, &Principal::user, &Principal::mutable_user);
    Cut(*principal, &Principal::team, &Principal::mutable_team);
    Cut(*principal, &Principal::organisation, &Principal::mutable_organisation);
  }

  void Cut(OsUser* user) {
    Cut(*user, &OsUser::name, &OsUser::mutable_name);
    Cut(*user, &OsUser::executable, &OsUser::mutable_executable);
    Cut(*user, &OsUser::directory, &OsUser::mutable_directory);
  }

  void Cut(Usage* usage) {
    Cut(*usage, &Usage::service_tier, &Usage::mutable_service_tier);
    Cut(*usage, &Usage::speed, &Usage::mutable_speed);
    Cut(*usage, &Usage::inference_geo, &Usage::mutable_inference_geo);
  }

 private:
  static bool Fits(const std::string& text, size_t most) { return text.size() <= most && IsAscii(text); }

  void Cut(std::string& text, size_t most) {
    size_t at = 0;
    while (at < text.size()) {
      size_t length = CharacterLength(std::string_view(text).substr(at));
      if (length == 0) text[at] = '?', length = 1;
      if (at + length > most) break;
      at += length;
    }
    if (at == text.size()) return;
    text.resize(at);
    event_.set_cut_strings(event_.cut_strings() + 1);
  }

  Event& event_;
};

void BoundStart(Cutter& cutter, Start& start) {
  cutter.CutBytes(start, &Start::public_key, &Start::mutable_public_key, 32);
  cutter.CutBytes(start, &Start::previous_head, &Start::mutable_previous_head, 32);
  cutter.CutBytes(start, &Start::machine, &Start::mutable_machine, 32);
  cutter.CutBytes(start, &Start::configuration, &Start::mutable_configuration, 32);
  cutter.Cut(start, &Start::agent_version, &Start::mutable_agent_version);
  cutter.Cut(start, &Start::host, &Start::mutable_host);
  cutter.Cut(start, &Start::operating_system, &Start::mutable_operating_system);
  cutter.Cut(start, &Start::sync_mode, &Start::mutable_sync_mode);
}

void BoundIntent(Cutter& cutter, Intent& intent) {
  cutter.CutBytes(intent, &Intent::exchange, &Intent::mutable_exchange, 16);
  if (intent.has_principal()) cutter.Cut(intent.mutable_principal());
  if (intent.has_os_user()) cutter.Cut(intent.mutable_os_user());
  cutter.Cut(intent, &Intent::model, &Intent::mutable_model);
  cutter.CutList(intent.mutable_tools(), kMaxTools);
  cutter.CutList(intent.mutable_server_tools(), kMaxServerTools);
  cutter.Cut(intent, &Intent::session, &Intent::mutable_session);
  cutter.Cut(intent, &Intent::agent, &Intent::mutable_agent);
  cutter.Cut(intent, &Intent::parent_agent, &Intent::mutable_parent_agent);
  cutter.Cut(intent, &Intent::user_agent, &Intent::mutable_user_agent);
  cutter.Cut(intent, &Intent::upstream, &Intent::mutable_upstream);
  cutter.Cut(intent, &Intent::peer, &Intent::mutable_peer);
  cutter.Cut(intent, &Intent::rule, &Intent::mutable_rule);
  cutter.CutList(intent.mutable_removed_tools(), kMaxRemovedTools);
  cutter.Cut(intent, &Intent::provider, &Intent::mutable_provider);
  cutter.CutList(intent.mutable_residency(), kMaxResidency);
}

void BoundOutcome(Cutter& cutter, Outcome& outcome) {
  cutter.CutBytes(outcome, &Outcome::exchange, &Outcome::mutable_exchange, 16);
  cutter.Cut(outcome, &Outcome::upstream_request_id, &Outcome::mutable_upstream_request_id);
  cutter.Cut(outcome, &Outcome::upstream_model, &Outcome::mutable_upstream_model);
  cutter.Cut(outcome, &Outcome::upstream_message_id, &Outcome::mutable_upstream_message_id);
  if (outcome.has_usage()) cutter.Cut(outcome.mutable_usage());
  cutter.Cut(outcome, &Outcome::price_version, &Outcome::mutable_price_version);
  cutter.Cut(outcome, &Outcome::stop_reason, &Outcome::mutable_stop_reason);
  cutter.CutList(outcome.mutable_tool_uses(), kMaxToolUses);
  cutter.Cut(outcome, &Outcome::error_type, &Outcome::mutable_error_type);
  if (outcome.charges_size() > 0) {
    cutter.CutCount(outcome.mutable_charges(), kMaxCharges);
    for (Charge& charge : *outcome.mutable_charges()) {
      cutter.Cut(charge, &Charge::account, &Charge::mutable_account);
    }
  }
  cutter.Cut(outcome, &Outcome::admission, &Outcome::mutable_admission);
  cutter.Cut(outcome, &Outcome::refused_extension, &Outcome::mutable_refused_extension);
  if (outcome.has_os_user()) cutter.Cut(outcome.mutable_os_user());
}

void BoundRefusal(Cutter& cutter, Refusal& refusal) {
  cutter.CutBytes(refusal, &Refusal::exchange, &Refusal::mutable_exchange, 16);
  cutter.Cut(refusal, &Refusal::reason, &Refusal::mutable_reason);
  cutter.Cut(refusal, &Refusal::rule, &Refusal::mutable_rule);
  if (refusal.has_principal()) cutter.Cut(refusal.mutable_principal());
  if (refusal.has_os_user()) cutter.Cut(refusal.mutable_os_user());
  cutter.Cut(refusal, &Refusal::model, &Refusal::mutable_model);
  cutter.Cut(refusal, &Refusal::session, &Refusal::mutable_session);
  cutter.Cut(refusal, &Refusal::user_agent, &Refusal::mutable_user_agent);
  cutter.Cut(refusal, &Refusal::peer, &Refusal::mutable_peer);
  cutter.Cut(refusal, &Refusal::provider, &Refusal::mutable_provider);
  cutter.CutList(refusal.mutable_residency(), kMaxResidency);
  cutter.Cut(refusal, &Refusal::account, &Refusal::mutable_account);
}

void BoundSecretFound(Cutter& cutter, SecretFound& found) {
  cutter.CutBytes(found, &SecretFound::exchange, &SecretFound::mutable_exchange, 16);
  cutter.Cut(found, &SecretFound::rule, &SecretFound::mutable_rule);
  cutter.Cut(found, &SecretFound::part, &SecretFound::mutable_part);
  cutter.Cut(found, &SecretFound::tool, &SecretFound::mutable_tool);
  cutter.CutBytes(found, &SecretFound::fingerprint, &SecretFound::mutable_fingerprint, 16);
  if (found.has_principal()) cutter.Cut(found.mutable_principal());
  if (found.has_os_user()) cutter.Cut(found.mutable_os_user());
  cutter.Cut(found, &SecretFound::model, &SecretFound::mutable_model);
  cutter.Cut(found, &SecretFound::session, &SecretFound::mutable_session);
  cutter.Cut(found, &SecretFound::policy_rule, &SecretFound::mutable_policy_rule);
  cutter.Cut(found, &SecretFound::path, &SecretFound::mutable_path);
}

void BoundPolicyChange(Cutter& cutter, PolicyChange& change) {
  cutter.CutBytes(change, &PolicyChange::sha256, &PolicyChange::mutable_sha256, 32);
  cutter.Cut(change, &PolicyChange::outcome, &PolicyChange::mutable_outcome);
  cutter.Cut(change, &PolicyChange::sentence, &PolicyChange::mutable_sentence);
}

void BoundKeyFirstUsed(Cutter& cutter, KeyFirstUsed& used) {
  cutter.Cut(used, &KeyFirstUsed::key_id, &KeyFirstUsed::mutable_key_id);
  if (used.has_principal()) cutter.Cut(used.mutable_principal());
  if (used.has_os_user()) cutter.Cut(used.mutable_os_user());
}

void BoundCollectorStart(Cutter& cutter, CollectorStart& start) {
  cutter.CutBytes(start, &CollectorStart::public_key, &CollectorStart::mutable_public_key, 32);
  cutter.CutBytes(start, &CollectorStart::previous_head, &CollectorStart::mutable_previous_head, 32);
  cutter.Cut(start, &CollectorStart::program, &CollectorStart::mutable_program);
  cutter.Cut(start, &CollectorStart::version, &CollectorStart::mutable_version);
  cutter.Cut(start, &CollectorStart::host, &CollectorStart::mutable_host);
}

void BoundAdministration(Cutter& cutter, Administration& call) {
  cutter.Cut(call, &Administration::action, &Administration::mutable_action);
  cutter.Cut(call, &Administration::outcome, &Administration::mutable_outcome);
  cutter.Cut(call, &Administration::administrator, &Administration::mutable_administrator);
  cutter.Cut(call, &Administration::name, &Administration::mutable_name);
  cutter.Cut(call, &Administration::role, &Administration::mutable_role);
  cutter.Cut(call, &Administration::target_kind, &Administration::mutable_target_kind);
  cutter.Cut(call, &Administration::target, &Administration::mutable_target);
  cutter.Cut(call, &Administration::request_path, &Administration::mutable_request_path);
  cutter.Cut(call, &Administration::source, &Administration::mutable_source);
  cutter.Cut(call, &Administration::sentence, &Administration::mutable_sentence);
}

void BoundEnrolment(Cutter& cutter, Enrolment& enrolment) {
  cutter.Cut(enrolment, &Enrolment::agent, &Enrolment::mutable_agent);
  cutter.Cut(enrolment, &Enrolment::host, &Enrolment::mutable_host);
  cutter.CutBytes(enrolment, &Enrolment::machine, &Enrolment::mutable_machine, 32);
  cutter.CutBytes(enrolment, &Enrolment::curve_key, &Enrolment::mutable_curve_key, 32);
  cutter.CutBytes(enrolment, &Enrolment::seal_key, &Enrolment::mutable_seal_key, 32);
  cutter.CutBytes(enrolment, &Enrolment::sealing_key, &Enrolment::mutable_sealing_key, 32);
  cutter.Cut(enrolment, &Enrolment::version, &Enrolment::mutable_version);
  cutter.Cut(enrolment, &Enrolment::token, &Enrolment::mutable_token);
  cutter.Cut(enrolment, &Enrolment::enrolled_by, &Enrolment::mutable_enrolled_by);
  cutter.Cut(enrolment, &Enrolment::source, &Enrolment::mutable_source);
}

void BoundAlarm(Cutter& cutter, Alarm& alarm) {
  cutter.Cut(alarm, &Alarm::reason, &Alarm::mutable_reason);
  cutter.Cut(alarm, &Alarm::agent, &Alarm::mutable_agent);
  cutter.Cut(alarm, &Alarm::sentence, &Alarm::mutable_sentence);
}

}  // namespace

void Bound(Event& event) {
  Cutter cutter(event);
  cutter.CutBytes(event, &Event::salt, &Event::mutable_salt, 16);
  switch (event.body_case()) {
    case Event::kStart: return BoundStart(cutter, *event.mutable_start());
    case Event::kStop: return cutter.Cut(*event.mutable_stop(), &Stop::reason, &Stop::mutable_reason);
    case Event::kIntent: return BoundIntent(cutter, *event.mutable_intent());
    case Event::kOutcome: return BoundOutcome(cutter, *event.mutable_outcome());
    case Event::kRefusal: return BoundRefusal(cutter, *event.mutable_refusal());
    case Event::kGap: return cutter.Cut(*event.mutable_gap(), &Gap::reason, &Gap::mutable_reason);
    case Event::kKeyFirstUsed: return BoundKeyFirstUsed(cutter, *event.mutable_key_first_used());
    case Event::kSecretFound: return BoundSecretFound(cutter, *event.mutable_secret_found());
    case Event::kPolicyChange: return BoundPolicyChange(cutter, *event.mutable_policy_change());
    case Event::kAdministration: return BoundAdministration(cutter, *event.mutable_administration());
    case Event::kEnrolment: return BoundEnrolment(cutter, *event.mutable_enrolment());
    case Event::kAlarm: return BoundAlarm(cutter, *event.mutable_alarm());
    case Event::kCollectorStart: return BoundCollectorStart(cutter, *event.mutable_collector_start());
    case Event::BODY_NOT_SET: return;
  }
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

const char* KindName(Event::BodyCase body) {
  switch (body) {
    case Event::kStart: return "start";
    case Event::kStop: return "stop";
    case Event::kIntent: return "intent";
    case Event::kOutcome: return "outcome";
    case Event::kRefusal: return "refusal";
    case Event::kGap: return "gap";
    case Event::kKeyFirstUsed: return "key_first_used";
    case Event::kSecretFound: return "secret_found";
    case Event::kPolicyChange: return "policy_change";
    case Event::kAdministration: return "administration";
    case Event::kEnrolment: return "enrolment";
    case Event::kAlarm: return "alarm";
    case Event::kCollectorStart: return "collector_start";
    case Event::BODY_NOT_SET: break;
  }
  return "unknown";
}

const char* EndingName(Ending ending) {
  switch (ending) {
    case ENDING_COMPLETE: return "complete";
    case ENDING_CLIENT_GONE: return "client_gone";
    case ENDING_UPSTREAM_CUT: return "upstream_cut";
    case ENDING_UPSTREAM_ERROR: return "upstream_error";
    case ENDING_REFUSED_BY_POLICY: return "refused_by_policy";
    case ENDING_INTERRUPTED: return "interrupted";
    case ENDING_DEADLINE: return "deadline";
    case ENDING_REVOKED: return "revoked";
    case ENDING_BUDGET: return "budget";
    default: return "unknown";
  }
}

const char* CallName(Call call) {
  switch (call) {
    case CALL_MESSAGES: return "messages";
    case CALL_COUNT_TOKENS: return "count_tokens";
    case CALL_MODELS: return "models";
    default: return "unknown";
  }
}

std::optional<ExchangeId> ParseExchange(std::string_view bytes) {
  ExchangeId id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

}  // namespace postern::wire
