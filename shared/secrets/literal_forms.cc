#include "shared/secrets/literal_forms.h"

#include <algorithm>

#include "shared/base/json_text.h"
#include "shared/secrets/json_escape.h"

namespace postern::secrets {
namespace {

std::string Escaped(std::string_view text) {
  const std::string quoted = JsonString(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string WithSlashesEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::vector<std::string> FormsOf(std::string_view secret) {
  std::vector<std::string> forms = {std::string(secret)};
  const auto add = [&forms](std::string form) {
    if (!form.empty() && std::find(forms.begin(), forms.end(), form) == forms.end())
      forms.push_back(std::move(form));
  };
  std::string plain(secret);
  std::string with_slashes(secret);
  for (int times = 1; times <= kMostEscaped; ++times) {
    plain = Escaped(plain);
    with_slashes = times == 1 ? WithSlashesEscaped(plain) : Escaped(with_slashes);
    add(plain);
    add(with_slashes);
  }
  add(Unescaped(secret));
  return forms;
}

}  // namespace postern::secrets
