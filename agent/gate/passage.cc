#include "agent/gate/passage.h"

#include <cstring>

#include "agent/gate/loopback_guard.h"
#include "agent/gate/relay.h"
#include "agent/gate/settlement.h"
#include "shared/base/json_text.h"
#include "shared/base/log.h"

namespace postern::gate {
namespace {

using http::Io;

const ClientSocket& SocketOf(const http::Exchange& exchange) {
  return static_cast<const ClientSocket&>(*exchange.note());
}

wire::Call CallOf(std::string_view path) {
  if (path == "/v1/messages") return wire::CALL_MESSAGES;
  if (path == "/v1/messages/count_tokens") return wire::CALL_COUNT_TOKENS;
  if (path == "/v1/models") return wire::CALL_MODELS;
  return wire::CALL_UNKNOWN;
}

// What clients ask at their start, without a key, to see whether somebody is there.
bool IsHello(const http::Head& head) {
  return (head.path() == "/" || head.path() == "/api/hello") &&
         (head.method == "HEAD" || head.method == "GET");
}

identity::KeyHeaders KeyHeadersOf(const http::Head& head) {
  return {head.Find("x-postern-key"), head.Find("authorization"), head.Find("x-api-key")};
}

// Wipes a text that holds the provider credential, however its scope ends.
struct Wiper {
  std::string& text;
  ~Wiper() { ::explicit_bzero(text.data(), text.size()); }
};

constexpr std::string_view kSigningIn =
    " Signing in to Claude doesn't help: this host's gate wants a Postern key.";

Refusal RefusalOf(identity::IdentityRefusal refusal) {
  using identity::IdentityRefusal;
  const std::string signing_in(kSigningIn);
  switch (refusal) {
    case IdentityRefusal::kNoKey:
      return {Reason::kNoKey, "This request shows no Postern key (pst_…)." + signing_in};
    case IdentityRefusal::kUnknownOsUser:
      return {Reason::kUnknownOsUser,
              "This host's gate doesn't know your user account; ask your administrator." + signing_in};
    case IdentityRefusal::kForeignKey:
      return {Reason::kForeignKey, "The key of this request is not a Postern key (pst_…)." + signing_in};
    case IdentityRefusal::kMalformedKey:
      return {Reason::kMalformedKey,
              "The Postern key of this request is cut or has wrong characters; copy it again whole."};
    case IdentityRefusal::kMistypedKey:
      return {Reason::kMistypedKey,
              "The Postern key of this request has a typing error; copy it again whole."};
    case IdentityRefusal::kUnknownKey:
      return {Reason::kUnknownKey,
              "This Postern key is not known on this host; ask your administrator for one."};
    case IdentityRefusal::kDisabledKey:
      return {Reason::kDisabledKey, "This Postern key is switched off; ask your administrator."};
    case IdentityRefusal::kExpiredKey:
      return {Reason::kExpiredKey, "This Postern key has expired; ask your administrator for a new one."};
    case IdentityRefusal::kKeyNotForHost:
      return {Reason::kKeyNotForHost,
              "This Postern key is for other hosts than this one; ask your administrator."};
    case IdentityRefusal::kKeyNotForOsUser:
      return {Reason::kKeyNotForOsUser,
              "This Postern key is for other users of this host; ask your administrator."};
  }
  return {Reason::kUnknownKey, "This key can't be used."};
}

const Refusal kRecordRefusal{
    Reason::kRecordFull,
    "This host's audit record can't take more entries now, and nothing may leave unrecorded; "
    "tell your administrator (postern-agent status shows why)."};

}  // namespace

Passage::Passage(Gate& gate, http::Exchange& exchange)
    : gate_(gate),
      exchange_(exchange),
      settings_(gate.settings()),
      id_(gate.MakeId()),
      id_text_(id_.ToString()),
      began_(exchange.began()) {}

http::Task<void> Passage::Run() {
  const http::Head& head = exchange_.head();
  for (const http::Header& header : head.headers) client_.See(header.name, header.value);
  std::optional<Refusal> refusal = GuardLoopback(head);
  if (!refusal && IsHello(head)) {
    co_await AnswerHello();
    co_return;
  }
  if (!refusal) refusal = Route();
  if (!refusal) refusal = Identify();
  if (refusal) {
    co_await Refuse(*refusal);
  } else if (call_ == wire::CALL_MODELS) {
    co_await AnswerModels();
  } else {
    co_await RunCall();
  }
}

std::optional<Refusal> Passage::Route() {
  const http::Head& head = exchange_.head();
  call_ = CallOf(head.path());
  if (call_ == wire::CALL_UNKNOWN) {
    return Refusal{
        Reason::kNotFound,
        "This gate has no such path; it serves /v1/messages, /v1/messages/count_tokens and /v1/models."};
  }
  if (head.method != (call_ == wire::CALL_MODELS ? "GET" : "POST")) {
    return Refusal{Reason::kWrongMethod, "This path of the gate is not for that method."};
  }
  return std::nullopt;
}

http::Task<void> Passage::RunCall() {
  std::optional<Refusal> refusal = co_await ReadBody();
  if (exchange_.strand().cancelled()) co_return;
  if (!refusal) refusal = Inspect();
  if (!refusal) refusal = Judge();
  if (refusal) {
    co_await Refuse(*refusal);
    co_return;
  }
  co_await Forward();
}

std::optional<Refusal> Passage::Identify() {
  const identity::IdentityRules rules{settings_->config.identity_mode, settings_->keys,
                                      settings_->config.os_users, settings_->host_name};
  const ClientSocket& socket = SocketOf(exchange_);
  const auto uid = socket.os_user ? std::optional(socket.os_user->uid) : std::nullopt;
  auto identified = identity::Identify(rules, KeyHeadersOf(exchange_.head()), uid, WallNow());
  if (const auto* refusal = std::get_if<identity::IdentityRefusal>(&identified)) return RefusalOf(*refusal);
  identity_ = std::get<identity::Identity>(std::move(identified));
  return std::nullopt;
}

http::Task<std::optional<Refusal>> Passage::ReadBody() {
  const http::BodyState state = co_await exchange_.ReadBody();
  body_read_ = BootClock::now();
  switch (state) {
    case http::BodyState::kWhole: co_return std::nullopt;
    case http::BodyState::kTooLarge:
      co_return Refusal{Reason::kTooLarge, "This request is larger than this gate lets through."};
    case http::BodyState::kMalformed:
      co_return Refusal{Reason::kProtocol, "This request's body is not valid HTTP/1.1."};
    case http::BodyState::kTimedOut:
      co_return Refusal{Reason::kTimedOut, "This request's body did not arrive in time."};
    case http::BodyState::kGone: break;
  }
  exchange_.strand().Cancel();
  co_return std::nullopt;
}

std::optional<Refusal> Passage::Inspect() {
  auto facts = dialect::ReadMessagesRequest(exchange_.body().view(), gate_.json_);
  if (!facts) return Refusal{Reason::kMalformedBody, facts.error().message};
  request_ = *std::move(facts);
  return std::nullopt;
}

std::optional<Refusal> Passage::Judge() const {
  const pricing::Place place{pricing::Endpoint::kUnsaid, request_.speed, request_.inference_geo};
  if (const auto price = settings_->prices->Price(request_.model, {}, WallNow(), place); !price) {
    return Refusal{Reason::kUnknownModel,
                   price.error().message +
                       " This host's price list decides which models may be used; ask your administrator."};
  }
  if (!settings_->credential_line) {
    return Refusal{Reason::kNoCredential,
                   "This host's gate has no provider credential; tell your administrator."};
  }
  return std::nullopt;
}

http::Task<void> Passage::Forward() {
  NoteFirstUse();
  auto ticket = gate_.recorder_.Append(MakeIntent());
  if (!ticket) {
    co_await Refuse(kRecordRefusal);
    co_return;
  }
  ticket_ = *ticket;
  gate_.metrics_.Began();
  outcome_.set_exchange(std::string(id_.raw()));
  outcome_.set_bytes_in(exchange_.body().size());

  const bool synced_first = settings_->config.audit.sync == agent::AuditConfig::Sync::kBeforeForward;
  const Kept kept = co_await gate_.recorder_.Await(exchange_.strand(), ticket_,
                                                   synced_first ? Durability::kSynced : Durability::kWritten);
  if (kept == Kept::kYes) {
    std::optional<http::Lease> lease;
    std::optional<Refusal> failure = co_await AskUpstream(lease);
    if (!failure) {
      co_await RelayAnswer(*lease);
    } else if (!exchange_.strand().cancelled()) {
      gate_.metrics_.CountRefusal(failure->reason);
      outcome_.set_status(static_cast<uint32_t>(StatusOf(*failure)));
      const http::Answer answer = Render(*failure, id_text_);
      const Kept safe = co_await AwaitSynced();
      if (safe == Kept::kYes) co_await exchange_.Send(answer);
    }
  } else if (kept == Kept::kNo) {
    gate_.metrics_.CountRefusal(kRecordRefusal.reason);
    outcome_.set_ending(wire::ENDING_REFUSED_BY_POLICY);
    const http::Answer answer = Render(kRecordRefusal, id_text_);
    outcome_.set_status(static_cast<uint32_t>(answer.status));
    co_await exchange_.Send(answer);
  }
  if (exchange_.strand().cancelled() && outcome_.ending() == wire::ENDING_UNKNOWN) {
    outcome_.set_ending(wire::ENDING_CLIENT_GONE);
  }
  Settle();
}

http::Task<Kept> Passage::AwaitSynced() {
  if (settings_->config.audit.sync == agent::AuditConfig::Sync::kOs) co_return Kept::kYes;
  exchange_.strand().ClearDeadline();
  co_return co_await gate_.recorder_.Await(exchange_.strand(), ticket_, Durability::kSynced);
}

http::Task<std::optional<Refusal>> Passage::AskUpstream(std::optional<http::Lease>& lease) {
  const Refusal silent{Reason::kUpstreamSilent, "The provider gave no answer in time."};
  const Refusal broken{Reason::kUpstreamUnreachable, "The provider's connection broke before it answered."};
  std::string head;
  const Wiper wiper{head};
  AppendUpstreamHead(head, exchange_.head(), settings_->destination, settings_->credential_line->view(),
                     exchange_.body().size());
  gate_.metrics_.ObserveOverhead(BootClock::now() - body_read_);
  Io io = Io::kFailed;
  // A reused connection may have been closed while it lay idle. The request is sent once more only if that is
  // plain: the send failed, or the connection ended properly before any byte of an answer.
  for (int attempt = 0; attempt < 2; ++attempt) {
    http::Strand& strand = exchange_.strand();
    http::Upstream& upstream = *settings_->upstream;
    // A named task: g++ 12 destroys the temporary of a conditional expression in a co_await twice.
    http::Task<Result<http::Lease>> connecting =
        attempt == 0 ? upstream.Take(strand) : upstream.Connect(strand);
    auto taken = co_await std::move(connecting);
    if (!taken) {
      outcome_.set_ending(wire::ENDING_UPSTREAM_ERROR);
      co_return Refusal{Reason::kUpstreamUnreachable,
                        "The provider can't be reached: " + taken.error().message + "."};
    }
    lease.emplace(*std::move(taken));
    http::ClientConnection& connection = **lease;
    io = co_await SendAndReadHead(connection, head);
    const bool nothing_came = !connection.answered();
    const bool again =
        lease->reused() && nothing_came && (io == Io::kClosed || !connection.sent_whole_request());
    if (io == Io::kOk || !again || (io != Io::kClosed && io != Io::kFailed)) break;
    lease.reset();
  }
  if (io == Io::kOk) co_return std::nullopt;
  outcome_.set_ending(io == Io::kDeadline ? wire::ENDING_DEADLINE : wire::ENDING_UPSTREAM_ERROR);
  if (io == Io::kCancelled) outcome_.set_ending(wire::ENDING_CLIENT_GONE);
  co_return io == Io::kDeadline ? silent : broken;
}

http::Task<Io> Passage::SendAndReadHead(http::ClientConnection& connection, std::string_view head) {
  http::Strand& strand = exchange_.strand();
  const agent::DeadlineConfig& deadlines = settings_->config.deadlines;
  std::array<std::string_view, 2> pieces = {head, exchange_.body().view()};
  Io io =
      co_await connection.SendRequest(strand, exchange_.head().method, pieces, deadlines.client_write_stall);
  if (io != Io::kOk) co_return io;
  strand.SetDeadlineIn(deadlines.first_byte);
  for (;;) {
    io = co_await connection.ReadHead(strand, static_cast<size_t>(settings_->config.limits.head_bytes));
    if (io != Io::kOk || connection.head().status / 100 != 1) co_return io;
    // 100 has been said to the client already, if it asked; 101 was not asked for. Others are passed on.
    if (connection.head().status == 101) co_return Io::kFailed;
    if (connection.head().status == 100 || exchange_.head().minor_version == 0) continue;
    const Kept kept = co_await AwaitSynced();
    if (kept != Kept::kYes) co_return kept == Kept::kCancelled ? Io::kCancelled : Io::kFailed;
    const auto headers = AnswerHeaders(connection.head());
    io = co_await exchange_.SendInterim(connection.head().status, connection.head().reason, headers);
    if (io != Io::kOk) co_return io;
    strand.SetDeadlineIn(deadlines.first_byte);
  }
}

http::Task<void> Passage::RelayAnswer(http::Lease& lease) {
  outcome_.set_first_byte_ns(static_cast<uint64_t>((BootClock::now() - body_read_).count()));
  const http::Head& answer = lease->head();
  if (const auto id = answer.Find("request-id")) outcome_.set_upstream_request_id(std::string(*id));
  const Kept kept = co_await AwaitSynced();
  if (kept != Kept::kYes) {
    outcome_.set_ending(kept == Kept::kCancelled ? wire::ENDING_CLIENT_GONE : wire::ENDING_REFUSED_BY_POLICY);
    const http::Answer answer_to_client = Render(kRecordRefusal, id_text_);
    if (kept == Kept::kNo) co_await exchange_.Send(answer_to_client);
    co_return;
  }
  Relay relay(exchange_, *lease, settings_->config.deadlines, gate_.json_);
  if (relay.blind() && answer.status / 100 == 2) {
    // It was asked for identity. What can't be read can't be billed, so it isn't let through.
    const Refusal refusal{Reason::kUnreadableAnswer,
                          "The provider's answer is encoded in a way that this gate can't read."};
    outcome_.set_status(static_cast<uint32_t>(StatusOf(refusal)));
    outcome_.set_ending(wire::ENDING_UPSTREAM_ERROR);
    gate_.metrics_.CountRefusal(refusal.reason);
    const http::Answer answer_to_client = Render(refusal, id_text_);
    co_await exchange_.Send(answer_to_client);
    co_return;
  }
  outcome_.set_status(static_cast<uint32_t>(answer.status));
  const wire::Ending ending = co_await relay.Run(id_text_);
  outcome_.set_ending(ending);
  answer_ = relay.facts();
  if (relay.upstream_whole()) lease.Return();
}

void Passage::Settle() {
  gate_.metrics_.Ended();
  outcome_.set_bytes_out(exchange_.body_bytes_sent());
  outcome_.set_total_ns(static_cast<uint64_t>((BootClock::now() - began_).count()));
  if (answer_) SettleUsage();
  gate_.metrics_.CountBytes(outcome_.bytes_in(), outcome_.bytes_out());
  gate_.metrics_.CountExchange(wire::CallName(call_), wire::EndingName(outcome_.ending()));
  wire::Event event;
  *event.mutable_outcome() = std::move(outcome_);
  if (const auto ticket = gate_.recorder_.Append(std::move(event)); !ticket) {
    LOG_LIMITED(std::chrono::seconds(10), Level::kError, "an outcome could not be recorded",
                {{"exchange", id_text_}});
  }
}

void Passage::SettleUsage() {
  const pricing::Place place{pricing::Endpoint::kUnsaid, request_.speed, request_.inference_geo};
  const Settlement settlement = SettleAnswer(*answer_, outcome_.ending(), outcome_.status(), call_,
                                             request_.model, place, *settings_->prices, WallNow());
  FillOutcome(outcome_, settlement, *answer_);
  if (settlement.billed)
    gate_.metrics_.CountUsage(settlement.cost.model, settlement.usage, settlement.cost.nano_dollars);
}

http::Task<void> Passage::Refuse(const Refusal& refusal) {
  gate_.metrics_.CountRefusal(refusal.reason);
  wire::Event event;
  wire::Refusal& record = *event.mutable_refusal();
  record.set_exchange(std::string(id_.raw()));
  record.set_reason(std::string(Name(refusal.reason)));
  record.set_status(static_cast<uint32_t>(StatusOf(refusal)));
  FillPrincipal(*record.mutable_principal());
  FillOsUser(*record.mutable_os_user());
  record.set_model(request_.model);
  record.set_call(call_);
  record.set_session(client_.session_id);
  record.set_user_agent(client_.user_agent);
  record.set_peer(SocketOf(exchange_).peer);
  // A refusal needs no record to be safe: when the record is full it is counted, and stays refused.
  if (const auto ticket = gate_.recorder_.Append(std::move(event)); !ticket) {
    LOG_LIMITED(std::chrono::seconds(10), Level::kWarning, "a refusal could not be recorded",
                {{"exchange", id_text_}});
  }
  const http::Answer answer = Render(refusal, id_text_);
  co_await exchange_.Send(answer);
}

http::Task<void> Passage::AnswerHello() {
  http::Answer answer;
  answer.headers = {{"content-type", "text/plain"}};
  if (exchange_.head().method == "GET") answer.body = "postern\n";
  co_await exchange_.Send(answer);
}

http::Task<void> Passage::AnswerModels() {
  http::Answer answer;
  answer.headers = {{"content-type", "application/json"}, {"request-id", id_text_}};
  answer.body = R"({"data":[)";
  bool first = true;
  for (const pricing::ModelPrices& model : settings_->prices->models()) {
    if (!first) answer.body += ',';
    first = false;
    answer.body += R"({"type":"model","id":)" + JsonString(model.id) + R"(,"display_name":)" +
                   JsonString(model.id) + "}";
  }
  answer.body += R"(],"has_more":false})";
  co_await exchange_.Send(answer);
}

wire::Event Passage::MakeIntent() const {
  wire::Event event;
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange(std::string(id_.raw()));
  FillPrincipal(*intent.mutable_principal());
  FillOsUser(*intent.mutable_os_user());
  intent.set_call(call_);
  intent.set_model(request_.model);
  intent.set_stream(request_.stream);
  intent.set_max_tokens(static_cast<uint64_t>(request_.max_tokens.value_or(0)));
  intent.set_body_bytes(exchange_.body().size());
  intent.set_messages(static_cast<uint32_t>(request_.message_count));
  for (const dialect::RequestTool& tool : request_.tools) {
    if (tool.RunsAtProvider()) {
      intent.add_server_tools(tool.type);
    } else {
      intent.add_tools(tool.name);
    }
  }
  intent.set_session(client_.session_id.empty() ? request_.session_id : client_.session_id);
  intent.set_agent(client_.agent_id);
  intent.set_parent_agent(client_.parent_agent_id);
  intent.set_user_agent(client_.user_agent);
  intent.set_upstream(settings_->destination.host);
  intent.set_peer(SocketOf(exchange_).peer);
  return event;
}

void Passage::FillPrincipal(wire::Principal& principal) const {
  if (identity_.key) principal.set_key_id(identity_.key->value);
  principal.set_user(identity_.principal.user);
  principal.set_team(identity_.principal.team);
  principal.set_organisation(identity_.principal.organisation);
}

void Passage::FillOsUser(wire::OsUser& os_user) const {
  const ClientSocket& socket = SocketOf(exchange_);
  os_user.set_known(socket.os_user.has_value());
  if (!socket.os_user) return;
  os_user.set_uid(socket.os_user->uid);
  os_user.set_name(socket.os_user_name);
}

void Passage::NoteFirstUse() {
  if (!identity_.key || !gate_.keys_seen_.insert(identity_.key->value).second) return;
  wire::Event event;
  wire::KeyFirstUsed& used = *event.mutable_key_first_used();
  used.set_key_id(identity_.key->value);
  FillPrincipal(*used.mutable_principal());
  FillOsUser(*used.mutable_os_user());
  if (const auto ticket = gate_.recorder_.Append(std::move(event)); !ticket)
    gate_.keys_seen_.erase(identity_.key->value);
}

}  // namespace postern::gate
