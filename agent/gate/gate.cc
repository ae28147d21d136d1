#include "agent/gate/gate.h"

#include "agent/gate/passage.h"
#include "shared/crypto/random.h"

namespace postern::gate {
namespace {

uint64_t RandomSeed() {
  std::array<uint8_t, 8> bytes{};
  crypto::RandomBytes(bytes);
  uint64_t seed = 0;
  for (const uint8_t byte : bytes) seed = seed << 8 | byte;
  return seed;
}

}  // namespace

Gate::Gate(http::Loop& loop, Recorder& recorder, Metrics& metrics, identity::UserNames& names,
           http::Worker& worker)
    : loop_(loop),
      recorder_(recorder),
      metrics_(metrics),
      names_(names),
      worker_(worker),
      random_(RandomSeed()) {}

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
  auto note = std::make_unique<ClientSocket>();
  note->peer = client.ToString();
  if (const auto ends = identity::EndsOf(client.get(), local.get())) note->os_user = os_users_.Find(*ends);
  if (!note->os_user) return note;
  // A name may take long to look up, so the first connections of a user are recorded by number alone.
  if (auto name = names_.Remembered(note->os_user->uid)) {
    note->os_user_name = *std::move(name);
  } else {
    worker_.Do([&names = names_, uid = note->os_user->uid] { names.NameOf(uid); });
  }
  return note;
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
