#include "collector/intake/event_glance.h"

#include <array>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <utility>

#include "shared/wire/event.h"

namespace postern::intake {
namespace {

// The wire types of the encoding (protobuf.dev/programming-guides/encoding) that agents write.
enum class Kind : uint8_t {
  kUnknown,
  kNumber,   // a varint
  kWord,     // a varint of which 32 bits count: an enumerator
  kFixed,    // 8 bytes
  kBytes,    //
  kText,     // bytes that must be UTF-8
  kMessage,  // a part; a second one would be merged into the first
  kCharge,   // one of the charges
  kBody,     // the event's body, of which a second one would take the first one's place
};

struct Field;
// By the fields' numbers.
using Schema = std::array<Field, 32>;

struct Field {
  Kind kind = Kind::kUnknown;
  uint64_t Glance::* number = nullptr;
  std::string_view Glance::* text = nullptr;
  const Schema* message = nullptr;
};

constexpr Field Number(uint64_t Glance::* into = nullptr) { return {.kind = Kind::kNumber, .number = into}; }
constexpr Field Word(uint64_t Glance::* into = nullptr) { return {.kind = Kind::kWord, .number = into}; }
constexpr Field Fixed(uint64_t Glance::* into = nullptr) { return {.kind = Kind::kFixed, .number = into}; }
constexpr Field Bytes(std::string_view Glance::* into = nullptr) {
  return {.kind = Kind::kBytes, .text = into};
}
constexpr Field Text(std::string_view Glance::* into = nullptr) {
  return {.kind = Kind::kText, .text = into};
}
constexpr Field Part(const Schema& schema) { return {.kind = Kind::kMessage, .message = &schema}; }
constexpr Field Body(const Schema& schema) { return {.kind = Kind::kBody, .message = &schema}; }

constexpr Schema Of(std::initializer_list<std::pair<int, Field>> fields) {
  Schema schema{};
  for (const auto& [number, field] : fields) schema.at(static_cast<size_t>(number)) = field;
  return schema;
}

constexpr Schema kPrincipal = Of({{wire::Principal::kKeyIdFieldNumber, Text(&Glance::key)},
                                  {wire::Principal::kUserFieldNumber, Text(&Glance::user)},
                                  {wire::Principal::kTeamFieldNumber, Text(&Glance::team)},
                                  {wire::Principal::kOrganisationFieldNumber, Text(&Glance::organisation)}});

constexpr Schema kOsUser = Of({{wire::OsUser::kKnownFieldNumber, Number()},
                               {wire::OsUser::kUidFieldNumber, Number()},
                               {wire::OsUser::kNameFieldNumber, Text()},
                               {wire::OsUser::kPidFieldNumber, Number()},
                               {wire::OsUser::kExecutableFieldNumber, Text()},
                               {wire::OsUser::kDirectoryFieldNumber, Text()}});

constexpr Schema kIntent = Of({{wire::Intent::kExchangeFieldNumber, Bytes(&Glance::exchange)},
                               {wire::Intent::kPrincipalFieldNumber, Part(kPrincipal)},
                               {wire::Intent::kOsUserFieldNumber, Part(kOsUser)},
                               {wire::Intent::kCallFieldNumber, Number()},
                               {wire::Intent::kModelFieldNumber, Text(&Glance::model)},
                               {wire::Intent::kStreamFieldNumber, Number()},
                               {wire::Intent::kMaxTokensFieldNumber, Number()},
                               {wire::Intent::kBodyBytesFieldNumber, Number()},
                               {wire::Intent::kMessagesFieldNumber, Number()},
                               {wire::Intent::kToolsFieldNumber, Text()},
                               {wire::Intent::kServerToolsFieldNumber, Text()},
                               {wire::Intent::kSessionFieldNumber, Text(&Glance::session)},
                               {wire::Intent::kAgentFieldNumber, Text()},
                               {wire::Intent::kParentAgentFieldNumber, Text()},
                               {wire::Intent::kUserAgentFieldNumber, Text()},
                               {wire::Intent::kUpstreamFieldNumber, Text()},
                               {wire::Intent::kPeerFieldNumber, Text()},
                               {wire::Intent::kPolicyVersionFieldNumber, Number()},
                               {wire::Intent::kRuleFieldNumber, Text()},
                               {wire::Intent::kRemovedToolsFieldNumber, Text()},
                               {wire::Intent::kLoweredMaxTokensFieldNumber, Number()},
                               {wire::Intent::kProviderFieldNumber, Text()},
                               {wire::Intent::kResidencyFieldNumber, Text()}});

constexpr Schema kUsage = Of({{wire::Usage::kInputFieldNumber, Number(&Glance::input)},
                              {wire::Usage::kOutputFieldNumber, Number(&Glance::output)},
                              {wire::Usage::kCacheReadFieldNumber, Number(&Glance::cache_read)},
                              {wire::Usage::kCacheWrite5MFieldNumber, Number(&Glance::cache_write_5m)},
                              {wire::Usage::kCacheWrite1HFieldNumber, Number(&Glance::cache_write_1h)},
                              {wire::Usage::kThinkingFieldNumber, Number()},
                              {wire::Usage::kWebSearchesFieldNumber, Number()},
                              {wire::Usage::kWebFetchesFieldNumber, Number()},
                              {wire::Usage::kServiceTierFieldNumber, Text()},
                              {wire::Usage::kSpeedFieldNumber, Text()},
                              {wire::Usage::kInferenceGeoFieldNumber, Text()}});

constexpr Schema kOutcome = Of({{wire::Outcome::kExchangeFieldNumber, Bytes(&Glance::exchange)},
                                {wire::Outcome::kStatusFieldNumber, Number()},
                                {wire::Outcome::kEndingFieldNumber, Word(&Glance::ending)},
                                {wire::Outcome::kUpstreamRequestIdFieldNumber, Text()},
                                {wire::Outcome::kUpstreamModelFieldNumber, Text()},
                                {wire::Outcome::kUpstreamMessageIdFieldNumber, Text()},
                                {wire::Outcome::kUsageFieldNumber, Part(kUsage)},
                                {wire::Outcome::kCostNanoDollarsFieldNumber, Number(&Glance::nano_dollars)},
                                {wire::Outcome::kPriceVersionFieldNumber, Text()},
                                {wire::Outcome::kEstimatedFieldNumber, Number()},
                                {wire::Outcome::kStopReasonFieldNumber, Text()},
                                {wire::Outcome::kToolUsesFieldNumber, Text()},
                                {wire::Outcome::kBytesInFieldNumber, Number()},
                                {wire::Outcome::kBytesOutFieldNumber, Number()},
                                {wire::Outcome::kFirstByteNsFieldNumber, Number()},
                                {wire::Outcome::kTotalNsFieldNumber, Number()},
                                {wire::Outcome::kErrorTypeFieldNumber, Text()},
                                {wire::Outcome::kOsUserFieldNumber, Part(kOsUser)},
                                {wire::Outcome::kChargesFieldNumber, Field{.kind = Kind::kCharge}},
                                {wire::Outcome::kAdmissionFieldNumber, Text()},
                                {wire::Outcome::kExtensionsFieldNumber, Number()},
                                {wire::Outcome::kRefusedExtensionFieldNumber, Text()}});

constexpr Schema kRefusal = Of({{wire::Refusal::kExchangeFieldNumber, Bytes()},
                                {wire::Refusal::kReasonFieldNumber, Text()},
                                {wire::Refusal::kStatusFieldNumber, Number()},
                                {wire::Refusal::kRuleFieldNumber, Text()},
                                {wire::Refusal::kPrincipalFieldNumber, Part(kPrincipal)},
                                {wire::Refusal::kOsUserFieldNumber, Part(kOsUser)},
                                {wire::Refusal::kModelFieldNumber, Text(&Glance::model)},
                                {wire::Refusal::kCallFieldNumber, Number()},
                                {wire::Refusal::kSessionFieldNumber, Text(&Glance::session)},
                                {wire::Refusal::kUserAgentFieldNumber, Text()},
                                {wire::Refusal::kPeerFieldNumber, Text()},
                                {wire::Refusal::kTimesFieldNumber, Number()},
                                {wire::Refusal::kFirstWallTimeFieldNumber, Fixed()},
                                {wire::Refusal::kLastWallTimeFieldNumber, Fixed()},
                                {wire::Refusal::kPolicyVersionFieldNumber, Number()},
                                {wire::Refusal::kProviderFieldNumber, Text()},
                                {wire::Refusal::kResidencyFieldNumber, Text()},
                                {wire::Refusal::kAccountFieldNumber, Text()},
                                {wire::Refusal::kResetsFieldNumber, Fixed()}});

constexpr Schema kKeyFirstUsed = Of({{wire::KeyFirstUsed::kKeyIdFieldNumber, Text(&Glance::first_key)},
                                     {wire::KeyFirstUsed::kPrincipalFieldNumber, Part(kPrincipal)},
                                     {wire::KeyFirstUsed::kOsUserFieldNumber, Part(kOsUser)}});

constexpr Schema kSecretFound = Of({{wire::SecretFound::kExchangeFieldNumber, Bytes()},
                                    {wire::SecretFound::kRuleFieldNumber, Text()},
                                    {wire::SecretFound::kActionFieldNumber, Number()},
                                    {wire::SecretFound::kInAnswerFieldNumber, Number()},
                                    {wire::SecretFound::kPartFieldNumber, Text()},
                                    {wire::SecretFound::kMessageFieldNumber, Number()},
                                    {wire::SecretFound::kBlockFieldNumber, Number()},
                                    {wire::SecretFound::kToolFieldNumber, Text()},
                                    {wire::SecretFound::kFingerprintFieldNumber, Bytes()},
                                    {wire::SecretFound::kLengthFieldNumber, Number()},
                                    {wire::SecretFound::kPrincipalFieldNumber, Part(kPrincipal)},
                                    {wire::SecretFound::kOsUserFieldNumber, Part(kOsUser)},
                                    {wire::SecretFound::kModelFieldNumber, Text(&Glance::model)},
                                    {wire::SecretFound::kCallFieldNumber, Number()},
                                    {wire::SecretFound::kSessionFieldNumber, Text(&Glance::session)},
                                    {wire::SecretFound::kPolicyVersionFieldNumber, Number()},
                                    {wire::SecretFound::kPolicyRuleFieldNumber, Text()},
                                    {wire::SecretFound::kPathFieldNumber, Text()},
                                    {wire::SecretFound::kTimesFieldNumber, Number()}});

constexpr Schema kEvent = Of({{wire::Event::kVersionFieldNumber, Number()},
                              {wire::Event::kSaltFieldNumber, Bytes()},
                              {wire::Event::kIncarnationFieldNumber, Fixed(&Glance::incarnation)},
                              {wire::Event::kSequenceFieldNumber, Number(&Glance::sequence)},
                              {wire::Event::kWallTimeFieldNumber, Fixed(&Glance::wall_time)},
                              {wire::Event::kBootTimeFieldNumber, Fixed()},
                              {wire::Event::kCutStringsFieldNumber, Number()},
                              {wire::Event::kDroppedItemsFieldNumber, Number()},
                              {wire::Event::kIntentFieldNumber, Body(kIntent)},
                              {wire::Event::kOutcomeFieldNumber, Body(kOutcome)},
                              {wire::Event::kRefusalFieldNumber, Body(kRefusal)},
                              {wire::Event::kKeyFirstUsedFieldNumber, Body(kKeyFirstUsed)},
                              {wire::Event::kSecretFoundFieldNumber, Body(kSecretFound)}});

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

constexpr uint64_t WireTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kUnknown: break;
    case Kind::kNumber:
    case Kind::kWord: return 0;
    case Kind::kFixed: return 1;
    case Kind::kBytes:
    case Kind::kText:
    case Kind::kMessage:
    case Kind::kCharge:
    case Kind::kBody: return 2;
  }
  return 8;  // which no tag can hold
}

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
  if (!Read(bytes, kEvent, glance)) return std::nullopt;
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
