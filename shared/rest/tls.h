// POCO's TLS contexts as this project wants them. Only shared/rest includes this.
#pragma once

#include <string>

#include <Poco/Crypto/X509Certificate.h>
#include <Poco/Net/Context.h>

#include "shared/base/result.h"

namespace postern::rest {

// TLS 1.2 and later, ephemeral keys and authenticated encryption only, no renegotiation. kNotFound or
// kInvalid with the files' names.
Result<Poco::Net::Context::Ptr> ServerContext(const std::string& certificate, const std::string& key);

// Trusts the file's authorities, or the system's where it is empty.
Result<Poco::Net::Context::Ptr> VerifyingContext(const std::string& authority);

// Trusts nobody and refuses nobody: the caller must look at the certificate before it sends anything.
Result<Poco::Net::Context::Ptr> PinningContext();

// Lower-case hexadecimal SHA-256 of the certificate's SubjectPublicKeyInfo (DER).
std::string FingerprintOf(const Poco::Crypto::X509Certificate& certificate);

}  // namespace postern::rest
