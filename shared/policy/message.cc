#include "shared/policy/message.h"

#include <string_view>

namespace postern::policy {

std::string BehindSentence(std::string message) {
  if (message.empty()) return message;
  if (message[0] >= 'a' && message[0] <= 'z') message[0] = static_cast<char>(message[0] - ('a' - 'A'));
  if (std::string_view(".!?").find(message.back()) == std::string_view::npos) message += '.';
  return " " + message;
}

}  // namespace postern::policy
