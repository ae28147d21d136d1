#include "collector/intake/event_glance.h"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "collector/intake/event_schema.h"
#include "shared/wire/event.h"

namespace postern::intake {
namespace {

// What lies ahead in the bytes. Each Take is false where the bytes end too soon, or where protobuf might see
// in them something else.
class Ahead {
 public:
  explicit Ahead(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ended() const { return at_ == end_; }

  // At most `most` bytes long.
  bool TakeVarint(uint64_t& number, int most) {
    number = 0;
    for (int i = 0; i < most && at_ != end_; ++i) {
      const auto byte = static_cast<uint8_t>(*at_++);
      if (i == 9 && byte > 1) return false;
      number |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool TakeFixed(uint64_t& number) {
    static_assert(std::endian::native == std::endian::little);
    if (end_ - at_ < static_cast<std::ptrdiff_t>(sizeof(number))) return false;
    std::memcpy(&number, at_, sizeof(number));
    at_ += sizeof(number);
    return true;
  }

  bool TakeBytes(std::string_view& bytes) {
    constexpr int kLongestSize = 3;  // an event has at most 60,000 bytes
    uint64_t size = 0;
    if (!TakeVarint(size, kLongestSize) || size > static_cast<uint64_t>(end_ - at_)) return false;
    bytes = {at_, size};
    at_ += size;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

bool IsText(std::string_view bytes) {
  uint8_t all = 0;
  for (const char byte : bytes) all |= static_cast<uint8_t>(byte);
  return all < 0x80 || wire::IsUtf8(bytes);
}

bool ReadWindow(std::string_view message, GlancedCharge& charge) {
  for (Ahead ahead(message); !ahead.ended();) {
    uint64_t tag = 0;
    if (!ahead.TakeVarint(tag, 1)) return false;
    const uint64_t field = tag >> 3;
    if ((tag & 7) != WireTypeOf(Kind::kFixed)) return false;
    if (field != wire::Window::kBeginFieldNumber && field != wire::Window::kEndFieldNumber) return false;
    if (!ahead.TakeFixed(field == wire::Window::kBeginFieldNumber ? charge.begin : charge.end)) return false;
  }
  return true;
}

// As Read, of a wire::Charge.
bool ReadCharge(std::string_view message, GlancedCharge& charge) {
  uint64_t nowhere = 0;
  bool has_window = false;
  for (Ahead ahead(message); !ahead.ended();) {
    uint64_t tag = 0;
    if (!ahead.TakeVarint(tag, 1)) return false;
    uint64_t* number = nullptr;
    std::string_view bytes;
    switch (tag >> 3) {
      case wire::Charge::kAccountFieldNumber:
        if ((tag & 7) != WireTypeOf(Kind::kText) || !ahead.TakeBytes(bytes) || !IsText(bytes)) return false;
        charge.account = bytes;
        continue;
      case wire::Charge::kWindowFieldNumber:
        if ((tag & 7) != WireTypeOf(Kind::kMessage) || std::exchange(has_window, true)) return false;
        if (!ahead.TakeBytes(bytes) || !ReadWindow(bytes, charge)) return false;
        continue;
      case wire::Charge::kAmountFieldNumber: number = &charge.amount; break;
      case wire::Charge::kReservedFieldNumber: number = &charge.reserved; break;
      case wire::Charge::kUsedFieldNumber: number = &charge.used; break;
      case wire::Charge::kAdmittedFieldNumber: number = &nowhere; break;
      default: return false;
    }
    if ((tag & 7) != WireTypeOf(Kind::kNumber) || !ahead.TakeVarint(*number, 10)) return false;
  }
  return true;
}

// Reads a message into the glance. False: this way doesn't know.
bool Read(std::string_view message, const Schema& schema, Glance& glance) {
  constexpr int kLongestTag = 2;
  uint32_t parts = 0;
  for (Ahead ahead(message); !ahead.ended();) {
    uint64_t tag = 0;
    if (!ahead.TakeVarint(tag, kLongestTag) || tag >> 3 >= schema.size()) return false;
    const Field& field = schema[tag >> 3];
    if ((tag & 7) != WireTypeOf(field.kind)) return false;
    uint64_t number = 0;
    std::string_view bytes;
    switch (field.kind) {
      case Kind::kUnknown: return false;
      case Kind::kNumber:
        if (!ahead.TakeVarint(number, 10)) return false;
        break;
      case Kind::kWord:
        if (!ahead.TakeVarint(number, 10)) return false;
        number &= std::numeric_limits<uint32_t>::max();
        break;
      case Kind::kFixed:
        if (!ahead.TakeFixed(number)) return false;
        break;
      case Kind::kBytes:
        if (!ahead.TakeBytes(bytes)) return false;
        break;
      case Kind::kText:
        if (!ahead.TakeBytes(bytes) || !IsText(bytes)) return false;
        break;
      case Kind::kMessage: {
        const uint32_t part = uint32_t{1} << (tag >> 3);
        if ((parts & part) != 0 || !ahead.TakeBytes(bytes) || !Read(bytes, *field.message, glance))
          return false;
        parts |= part;
        break;
      }
      case Kind::kCharge:
        if (!ahead.TakeBytes(bytes) || !ReadCharge(bytes, glance.charges.emplace_back())) return false;
        break;
      case Kind::kBody:
        if (glance.body != wire::Event::BODY_NOT_SET) return false;
        glance.body = static_cast<wire::Event::BodyCase>(tag >> 3);
        if (!ahead.TakeBytes(bytes) || !Read(bytes, *field.message, glance)) return false;
        break;
    }
    if (field.number != nullptr) glance.*field.number = number;
    if (field.text != nullptr) glance.*field.text = bytes;
  }
  return true;
}

void SetPrincipal(Glance& glance, const wire::Principal& principal) {
  glance.organisation = principal.organisation();
  glance.team = principal.team();
  glance.user = principal.user();
  glance.key = principal.key_id();
}

void SetOutcome(Glance& glance, const wire::Outcome& outcome) {
  glance.exchange = outcome.exchange();
  glance.ending = static_cast<uint32_t>(outcome.ending());
  glance.input = outcome.usage().input();
  glance.output = outcome.usage().output();
  glance.cache_read = outcome.usage().cache_read();
  glance.cache_write_5m = outcome.usage().cache_write_5m();
  glance.cache_write_1h = outcome.usage().cache_write_1h();
  glance.nano_dollars = static_cast<uint64_t>(outcome.cost_nano_dollars());
  for (const wire::Charge& charge : outcome.charges()) {
    glance.charges.push_back({.account = charge.account(),
                              .begin = static_cast<uint64_t>(charge.window().begin()),
                              .end = static_cast<uint64_t>(charge.window().end()),
                              .amount = static_cast<uint64_t>(charge.amount()),
                              .reserved = static_cast<uint64_t>(charge.reserved()),
                              .used = static_cast<uint64_t>(charge.used())});
  }
}

}  // namespace

std::optional<Glance> GlanceQuickly(std::string_view bytes) {
  Glance glance;
  if (!Read(bytes, kEventSchema, glance)) return std::nullopt;
  return glance;
}

std::optional<Glance> GlanceThoroughly(std::string_view bytes) {
  const auto event = std::make_shared<wire::Event>();
  if (!event->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  Glance glance;
  glance.body = event->body_case();
  glance.incarnation = event->incarnation();
  glance.sequence = event->sequence();
  glance.wall_time = static_cast<uint64_t>(event->wall_time());
  switch (event->body_case()) {
    case wire::Event::kStart: glance.seal_key = event->start().public_key(); break;
    case wire::Event::kIntent:
      glance.exchange = event->intent().exchange();
      SetPrincipal(glance, event->intent().principal());
      glance.model = event->intent().model();
      glance.session = event->intent().session();
      break;
    case wire::Event::kOutcome: SetOutcome(glance, event->outcome()); break;
    case wire::Event::kRefusal:
      SetPrincipal(glance, event->refusal().principal());
      glance.model = event->refusal().model();
      glance.session = event->refusal().session();
      break;
    case wire::Event::kSecretFound:
      SetPrincipal(glance, event->secret_found().principal());
      glance.model = event->secret_found().model();
      glance.session = event->secret_found().session();
      break;
    case wire::Event::kKeyFirstUsed:
      SetPrincipal(glance, event->key_first_used().principal());
      glance.first_key = event->key_first_used().key_id();
      break;
    default: break;
  }
  glance.whole = event;
  return glance;
}

std::optional<Glance> GlanceAt(std::string_view bytes) {
  if (auto glance = GlanceQuickly(bytes)) return glance;
  return GlanceThoroughly(bytes);
}

}  // namespace postern::intake
