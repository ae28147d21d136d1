#include "shared/wire/conversation.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/stubs/logging.h>

#include "shared/wire/bounds.h"

namespace postern::wire {
namespace {

// Keep these signatures from being taken for any other that the same keys make.
constexpr std::string_view kMemoryContext = "postern memory v1\n";
constexpr std::string_view kTombstoneContext = "postern tombstone v1\n";
constexpr std::string_view kHeartbeatContext = "postern heartbeat v1\n";

Error Broken(std::string sentence) { return Error{ErrorCode::kInvalid, std::move(sentence)}; }

// protobuf writes a line to standard error for each text that isn't UTF-8: no sender may fill a log that way.
template <class Message>
bool Parse(Message& message, std::string_view bytes) {
  [[maybe_unused]] static const auto replaced = google::protobuf::SetLogHandler(nullptr);
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

template <class Message>
Result<Message> DecodeMessage(std::string_view frame) {
  if (frame.size() > kMaxFrameBytes) return Broken("the frame is too long");
  Message message;
  if (!Parse(message, frame)) return Broken("the frame is no message");
  if (message.version() != kConversationVersion) {
    return Broken("version " + std::to_string(message.version()) + " of the conversation isn't spoken here");
  }
  RETURN_IF_ERROR(CheckBounds(message));
  return message;
}

template <class Message>
Result<std::string> EncodeMessage(Message message) {
  message.set_version(kConversationVersion);
  RETURN_IF_ERROR(CheckBounds(message));
  std::string frame = message.SerializeAsString();
  if (frame.size() > kMaxFrameBytes) return Broken("the frame is too long");
  return frame;
}

// protobuf writes a string that isn't UTF-8 and then refuses to read it: the other side must not meet one.
template <class Message>
Result<std::string> Readable(Result<std::string> frame) {
  Message message;
  if (frame && !Parse(message, *frame)) return Broken("a text of the message isn't UTF-8");
  return frame;
}

void AppendBigEndian(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

std::string HeartbeatText(std::string_view nonce, const Mark& now) {
  std::string text(kHeartbeatContext);
  text += nonce;
  AppendBigEndian(text, now.incarnation());
  AppendBigEndian(text, now.sequence());
  text += now.head();
  return text;
}

}  // namespace

Result<std::string> Encode(FromAgent message) {
  const bool has_texts = !message.has_events();
  auto frame = EncodeMessage(std::move(message));
  return has_texts ? Readable<FromAgent>(std::move(frame)) : std::move(frame);
}

Result<std::string> Encode(FromCollector message) {
  return Readable<FromCollector>(EncodeMessage(std::move(message)));
}

Result<FromAgent> DecodeFromAgent(std::string_view frame) { return DecodeMessage<FromAgent>(frame); }
Result<FromCollector> DecodeFromCollector(std::string_view frame) {
  return DecodeMessage<FromCollector>(frame);
}

Mark ToMark(const Place& place) {
  Mark mark;
  mark.set_incarnation(place.incarnation);
  mark.set_sequence(place.sequence);
  mark.set_head(std::string(crypto::AsBytes(place.head)));
  return mark;
}

Result<Place> ToPlace(const Mark& mark) {
  Place place{mark.incarnation(), mark.sequence(), kFirstHead};
  if (mark.sequence() == 0 && mark.head().empty()) return place;
  if (mark.head().size() != place.head.size()) return Broken("a mark's head has the wrong length");
  std::copy(mark.head().begin(), mark.head().end(), place.head.begin());
  return place;
}

SignedMemory SignMemory(const Memory& memory, const crypto::SigningKey& log_key) {
  SignedMemory result;
  result.bytes = memory.SerializeAsString();
  const crypto::Signature signature = log_key.Sign(std::string(kMemoryContext) + result.bytes);
  result.signature = crypto::AsBytes(signature);
  return result;
}

Result<Memory> OpenMemory(std::string_view bytes, std::string_view signature,
                          const crypto::PublicKey& log_key) {
  if (!log_key.Verify(std::string(kMemoryContext).append(bytes), signature)) {
    return Error{ErrorCode::kDenied, "the memory isn't signed by this collector's log key"};
  }
  Memory memory;
  if (!Parse(memory, bytes)) return Broken("the memory is no message");
  if (const auto place = ToPlace(memory.acknowledged()); !place) return place.error();
  return memory;
}

std::string SignTombstone(std::string_view key_id, const crypto::SigningKey& log_key) {
  const crypto::Signature signature = log_key.Sign(std::string(kTombstoneContext).append(key_id));
  return std::string(crypto::AsBytes(signature));
}

bool VerifyTombstone(const KeyRecord& key, const crypto::PublicKey& log_key) {
  return log_key.Verify(std::string(kTombstoneContext) + key.id(), key.tombstone());
}

void SignHeartbeat(Heartbeat& heartbeat, std::string_view nonce, const Place& now,
                   const crypto::SigningKey& seal_key) {
  heartbeat.set_nonce(std::string(nonce));
  *heartbeat.mutable_now() = ToMark(now);
  const crypto::Signature signature = seal_key.Sign(HeartbeatText(nonce, heartbeat.now()));
  heartbeat.set_signature(std::string(crypto::AsBytes(signature)));
}

bool VerifyHeartbeat(const Heartbeat& heartbeat, const crypto::PublicKey& seal_key) {
  // Another length of either would let the same signed bytes be read in another way.
  if (heartbeat.nonce().size() != kNonceBytes || heartbeat.now().head().size() != std::tuple_size_v<Head>)
    return false;
  return seal_key.Verify(HeartbeatText(heartbeat.nonce(), heartbeat.now()), heartbeat.signature());
}

}  // namespace postern::wire
