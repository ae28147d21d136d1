#include "collector/intake/event_schema.h"

#include <initializer_list>
#include <utility>

#include "shared/wire/event.pb.h"

namespace postern::intake {
namespace {

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

}  // namespace

constexpr Schema kEventSchema = Of({{wire::Event::kVersionFieldNumber, Number()},
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

}  // namespace postern::intake
