#include "collector/cli/secret_input.h"

#include <fstream>
#include <iostream>
#include <istream>
#include <ostream>

#include <termios.h>
#include <unistd.h>

#include "shared/crypto/random.h"

namespace postern::cli {
namespace {

constexpr size_t kLargest = 64 << 10;

// Turns the terminal's echo off for as long as it lives.
class Unechoed {
 public:
  Unechoed() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Unechoed() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unechoed(const Unechoed&) = delete;
  Unechoed& operator=(const Unechoed&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Result<std::string> ReadAll(std::istream& in, const std::string& name) {
  std::string text(kLargest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto size = static_cast<size_t>(in.gcount());
  if (size > kLargest) {
    crypto::Cleanse(text);
    return Error{ErrorCode::kInvalid, name + " holds more than a secret can be"};
  }
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{ErrorCode::kInvalid, name + " is empty"};
  return text;
}

}  // namespace

Result<std::string> ReadSecret(const command_line::Invocation& call, const std::string& option,
                               const std::string& prompt) {
  const std::string path = call.arguments.ValueOr(option, "-");
  if (path != "-") {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{ErrorCode::kInvalid, "--" + option + ": " + path + " can't be read"};
    return ReadAll(file, path);
  }
  if (&call.in != &std::cin || isatty(STDIN_FILENO) == 0) return ReadAll(call.in, "standard input");
  call.err << prompt << ": " << std::flush;
  std::string line;
  {
    const Unechoed unechoed;
    std::getline(call.in, line);
  }
  call.err << '\n';
  if (line.empty()) return Error{ErrorCode::kInvalid, "nothing was typed"};
  return line;
}

}  // namespace postern::cli
