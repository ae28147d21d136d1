#include "shared/wire/chain.h"

#include <algorithm>

namespace postern::wire {
namespace {

// Keeps a seal from being taken for anything else that the same key may sign one day.
constexpr std::string_view kContext = "postern seal v1\n";

void AppendBigEndian(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

}  // namespace

Head Extend(const Head& head, std::string_view event) { return ExtendBy(head, crypto::Sha256(event)); }

Head ExtendBy(const Head& head, const crypto::Digest& digest) {
  char both[sizeof(head) + sizeof(digest)];
  std::copy(head.begin(), head.end(), both);
  std::copy(digest.begin(), digest.end(), both + head.size());
  return crypto::Sha256({both, sizeof(both)});
}

std::string Statement::SignedBytes() const {
  std::string bytes(kContext);
  AppendBigEndian(bytes, incarnation);
  AppendBigEndian(bytes, first_sequence);
  AppendBigEndian(bytes, last_sequence);
  bytes += crypto::AsBytes(head);
  return bytes;
}

std::string KeyId(const crypto::PublicKey& key) {
  return std::string(crypto::AsBytes(crypto::Sha256(key.raw())).substr(0, 8));
}

Seal MakeSeal(const Statement& statement, const crypto::SigningKey& key) {
  Seal seal;
  seal.set_incarnation(statement.incarnation);
  seal.set_first_sequence(statement.first_sequence);
  seal.set_last_sequence(statement.last_sequence);
  seal.set_head(std::string(crypto::AsBytes(statement.head)));
  seal.set_signature(std::string(crypto::AsBytes(key.Sign(statement.SignedBytes()))));
  seal.set_key_id(KeyId(key.public_key()));
  return seal;
}

bool VerifySeal(const Seal& seal, const crypto::PublicKey& key) {
  Statement statement{seal.incarnation(), seal.first_sequence(), seal.last_sequence(), {}};
  if (seal.head().size() != statement.head.size()) return false;
  std::copy(seal.head().begin(), seal.head().end(), statement.head.begin());
  return key.Verify(statement.SignedBytes(), seal.signature());
}

}  // namespace postern::wire
