// Which of a request's headers holds the key. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace postern::identity {

enum class Mode {
  kKey,     // a virtual key says who it is
  kOsUser,  // the uid of the connecting socket does; a key is taken where one is given
};

// With Mode::kOsUser this counts as no key: clients refuse to start without one.
inline constexpr std::string_view kOsUserToken = "pst_os_user";

// The values of the three headers in which clients send keys, each as it was received.
struct KeyHeaders {
  std::optional<std::string_view> postern_key;    // x-postern-key
  std::optional<std::string_view> authorization;  // authorization
  std::optional<std::string_view> api_key;        // x-api-key
};

// The key's text: of x-postern-key, else of "Authorization: Bearer …", else of x-api-key. A header that is
// empty, holds another scheme, or holds the token that counts as no key is passed over. Nothing where no
// header has one.
std::optional<std::string_view> PresentedKey(const KeyHeaders& headers, Mode mode);

}  // namespace postern::identity
