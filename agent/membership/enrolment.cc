#include "agent/membership/enrolment.h"

#include <algorithm>
#include <string_view>

#include "shared/base/hex.h"
#include "shared/config/node.h"
#include "shared/crypto/key_file.h"

namespace postern::membership {
namespace {

using config::Map;
using config::Node;

constexpr size_t kKeyBytes = 32;

Result<std::string> ReadText(const Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(const Node node, map.Require(key));
  ASSIGN_OR_RETURN(std::string text, node.AsString());
  if (text.empty()) return node.Wrong("nothing", "a text");
  return text;
}

// 32 bytes; never shown, since some are secret.
Result<std::string> ReadKey(const Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(const Node node, map.Require(key));
  ASSIGN_OR_RETURN(std::string text, node.AsSecret());
  const crypto::WipeAtEnd wipe(text);
  auto bytes = FromHex(text);
  if (bytes && bytes->size() == kKeyBytes) return *std::move(bytes);
  return node.Wrong("a text that is not shown", "64 hexadecimal digits");
}

Result<Enrolment> Parse(const Node& root) {
  ASSIGN_OR_RETURN(const Map map, root.AsMap({"agent", "collector", "url", "fingerprint", "bus", "server_key",
                                              "log_key", "enrolled", "conversation_key", "sealing_key"}));
  ASSIGN_OR_RETURN(const std::string log_bytes, ReadKey(map, "log_key"));
  ASSIGN_OR_RETURN(crypto::PublicKey log_key, crypto::PublicKey::FromBytes(log_bytes));
  ASSIGN_OR_RETURN(std::string sealing_bytes, ReadKey(map, "sealing_key"));
  const crypto::WipeAtEnd wipe_sealing(sealing_bytes);
  ASSIGN_OR_RETURN(crypto::AgreementKey sealing_key, crypto::AgreementKey::FromBytes(sealing_bytes));
  Enrolment enrolment{.agent = {},
                      .collector = {},
                      .url = {},
                      .fingerprint = {},
                      .bus = {},
                      .server_key = {},
                      .log_key = std::move(log_key),
                      .enrolled = {},
                      .conversation_key = {},
                      .sealing_key = std::move(sealing_key)};
  ASSIGN_OR_RETURN(enrolment.agent, ReadText(map, "agent"));
  ASSIGN_OR_RETURN(enrolment.collector, ReadText(map, "collector"));
  ASSIGN_OR_RETURN(enrolment.url, ReadText(map, "url"));
  ASSIGN_OR_RETURN(enrolment.fingerprint, ReadText(map, "fingerprint"));
  ASSIGN_OR_RETURN(enrolment.bus, ReadText(map, "bus"));
  ASSIGN_OR_RETURN(enrolment.enrolled, ReadText(map, "enrolled"));
  ASSIGN_OR_RETURN(const std::string server, ReadKey(map, "server_key"));
  std::copy(server.begin(), server.end(), enrolment.server_key.begin());
  ASSIGN_OR_RETURN(std::string conversation, ReadKey(map, "conversation_key"));
  const crypto::WipeAtEnd wipe(conversation);
  std::copy(conversation.begin(), conversation.end(), enrolment.conversation_key.bytes().begin());
  return enrolment;
}

}  // namespace

std::filesystem::path EnrolmentFile(const std::filesystem::path& state_directory) {
  return state_directory / "membership.yaml";
}

Result<std::optional<Enrolment>> LoadEnrolment(const std::filesystem::path& state_directory) {
  const std::string path = EnrolmentFile(state_directory).string();
  auto text = crypto::ReadKeyFile(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::optional<Enrolment>();
  if (!text) return text.error();
  const crypto::WipeAtEnd wipe(*text);
  ASSIGN_OR_RETURN(const Node root, config::Parse(*text, path));
  ASSIGN_OR_RETURN(Enrolment enrolment, Parse(root));
  return std::optional(std::move(enrolment));
}

Status SaveEnrolment(const std::filesystem::path& state_directory, const Enrolment& enrolment) {
  const auto hex = [](std::string_view bytes) { return ToHex(bytes); };
  std::string text;
  text.reserve(4096);  // in one buffer, so that no copy of a secret stays behind
  const crypto::WipeAtEnd wipe(text);
  text += "# Written by `postern-agent enroll`. The last two lines are secrets of this host.\n";
  const auto line = [&](std::string_view key, std::string_view value) {
    ((text += key) += ": \"") += value;
    text += "\"\n";
  };
  line("agent", enrolment.agent);
  line("collector", enrolment.collector);
  line("url", enrolment.url);
  line("fingerprint", enrolment.fingerprint);
  line("bus", enrolment.bus);
  line("server_key", hex({reinterpret_cast<const char*>(enrolment.server_key.data()), kKeyBytes}));
  line("log_key", hex(enrolment.log_key.raw()));
  line("enrolled", enrolment.enrolled);
  std::string secret = ToHex(enrolment.conversation_key.view());
  const crypto::WipeAtEnd wipe_conversation(secret);
  line("conversation_key", secret);
  std::string sealing = ToHex(enrolment.sealing_key.ToBytes().view());
  const crypto::WipeAtEnd wipe_sealing(sealing);
  line("sealing_key", sealing);
  return crypto::WriteKeyFile(EnrolmentFile(state_directory).string(), text, crypto::Mode::kOwnerOnly);
}

}  // namespace postern::membership
