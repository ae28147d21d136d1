#include "agent/gate/gate.h"

#include "agent/gate/bar.h"
#include "agent/gate/money_refusals.h"
#include "agent/gate/passage.h"
#include "shared/base/log.h"
#include "shared/crypto/random.h"

namespace postern::gate {
namespace {

constexpr std::chrono::seconds kRoundEvery{1};

uint64_t RandomSeed() {
  std::array<uint8_t, 8> bytes{};
  crypto::RandomBytes(bytes);
  uint64_t seed = 0;
  for (const uint8_t byte : bytes) seed = seed << 8 | byte;
  return seed;
}

}  // namespace

Gate::Gate(http::Loop& loop, Recorder& recorder, Metrics& metrics, identity::UserNames& names,
           http::Worker& worker, Inquiries* inquiries)
    : loop_(loop),
      worker_(worker),
      recorder_(recorder),
      metrics_(metrics),
      inquiries_(inquiries),
      names_(names),
      callers_(loop, worker, names),
      random_(RandomSeed()) {
  if (inquiries_ == nullptr) return;
  inquiries_->set_on_change([this] {
    ++changes_;
    EndBarred();
  });
}

void Gate::Use(std::shared_ptr<Settings> settings) {
  settings_ = std::move(settings);
  ++changes_;
  EndBarred();
}

void Gate::SpendFrom(purse::Purse& purse) {
  purse_ = &purse;
  purse.OnLoss([this](const ExchangeId& lost, purse::Loss loss) { EndLost(lost, loss); });
}

std::optional<Refusal> Gate::WhyBarred(const LiveExchange& exchange) const {
  return inquiries_ == nullptr ? WhyBarredByFiles(exchange, *settings_, WallNow())
                               : WhyBarredByCollector(exchange, *inquiries_, *settings_, WallNow());
}

std::optional<Refusal> Gate::Enter(LiveExchange& exchange, uint64_t changes) {
  exchange.Enter(live_);
  if (!rounds_.deadline()) loop_.timers().Set(rounds_, loop_.now() + kRoundEvery);
  return changes == changes_ ? std::nullopt : WhyBarred(exchange);
}

void Gate::EndBarred() {
  const size_t ended = live_.EndThose([this](const LiveExchange& exchange) { return WhyBarred(exchange); });
  if (ended > 0) Log(Level::kInfo, "exchanges under way are ended", {{"exchanges", ended}});
  if (live_.size() > 0) loop_.timers().Set(rounds_, loop_.now() + kRoundEvery);
}

void Gate::EndLost(const ExchangeId& lost, purse::Loss loss) {
  const size_t ended = live_.EndThose([&](const LiveExchange& exchange) {
    return exchange.id() == lost ? std::optional(LossRefusal(loss)) : std::nullopt;
  });
  if (ended > 0) Log(Level::kInfo, "an exchange under way is ended: what it had reserved counts no longer");
}

http::Task<void> Gate::Handle(http::Exchange& exchange) {
  Passage passage(*this, exchange);
  co_await passage.Run();
}

http::Answer Gate::RenderProtocolError(const http::ProtocolError& error) {
  metrics_.CountRefusal(Reason::kProtocol);
  protocol_error_id_ = MakeId().ToString();
  return Render({Reason::kProtocol, error.sentence, error.status}, protocol_error_id_);
}

std::unique_ptr<http::ConnectionNote> Gate::OnAccept(const http::Address& client,
                                                     const http::Address& local) {
  return callers_.Meet(client, local);
}

void Gate::RecordRefusal(wire::Event event) {
  auto now = refusals_.Take(std::move(event), loop_.now(), WallNow());
  if (!now) return;
  Append(*std::move(now));
  loop_.timers().Set(*this, *refusals_.next_due());
}

// A refusal needs no record to be safe: when the record is full it is counted, and stays refused.
void Gate::Append(wire::Event refusal) {
  if (const auto ticket = recorder_.Append(std::move(refusal)); !ticket)
    LOG_LIMITED(std::chrono::seconds(10), Level::kWarning, "a refusal could not be recorded");
}

void Gate::OnDeadline() {
  for (wire::Event& event : refusals_.TakeDue(loop_.now())) Append(std::move(event));
  if (const auto due = refusals_.next_due()) loop_.timers().Set(*this, *due);
}

void Gate::Finish() {
  for (wire::Event& event : refusals_.TakeAll()) Append(std::move(event));
  if (keeper_) keeper_->Finish();
}

ExchangeId Gate::MakeId() {
  const uint64_t high = random_();
  const uint64_t low = random_();
  std::array<uint8_t, 10> bytes{};
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(high >> (8 * i));
  bytes[8] = static_cast<uint8_t>(low);
  bytes[9] = static_cast<uint8_t>(low >> 8);
  return ExchangeId::Make(WallNow(), bytes);
}

}  // namespace postern::gate
