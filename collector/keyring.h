// The collector's own keys, each in a file of the state directory that its owner alone may read.
//
//   collector.id    32 hexadecimal digits: who this collector is; written last, so that it marks a state that
//   is whole log.key         Ed25519 (PKCS #8 PEM): seals the collector's chain, signs what it says to agents
//   policy.key      Ed25519 (PKCS #8 PEM): signs policies, where agents pin no other key
//   curve.key       64 hexadecimal digits: the secret half of the conversation's key
//   master.key      64 hexadecimal digits: provider credentials are encrypted under it; may lie elsewhere
//   tls.crt, tls.key   the API's certificate, unless the configuration names another
#pragma once

#include <string>
#include <vector>

#include "collector/config.h"
#include "shared/base/result.h"
#include "shared/bus/curve.h"
#include "shared/crypto/ed25519.h"
#include "shared/sealing/master_key.h"

namespace postern::collector {

struct Keyring {
  std::string collector;  // its id
  crypto::SigningKey log_key;
  crypto::SigningKey policy_key;
  bus::CurveKeys curve;
  sealing::MasterKey master_key;
  std::string fingerprint;  // of the API's certificate
};

// Whether `init` has been done here.
bool IsInitialised(const CollectorConfig& config);

// Makes policy.key where it is missing, as in a state of an earlier version. kNotFound, naming the file,
// where another one is missing; kInvalid where one isn't what it should be or is open to others; kUnavailable
// where it can't be read.
Result<Keyring> LoadKeyring(const CollectorConfig& config);

// Makes what isn't there yet, but for collector.id, whose text it draws; `names` are what the certificate is
// for. May be repeated after a crash. Errors as LoadKeyring.
Result<Keyring> MakeKeyring(const CollectorConfig& config, const std::vector<std::string>& names);

// Writes collector.id: from now on this state is initialised.
Status FinishInitialising(const CollectorConfig& config, const Keyring& keyring);

}  // namespace postern::collector
