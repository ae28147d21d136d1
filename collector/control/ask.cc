#include "collector/control/ask.h"

#include <cerrno>
#include <sstream>
#include <system_error>

#include <sys/socket.h>

#include "collector/control/line.h"

namespace postern::control {
namespace {

Error NotUnderstood() { return {ErrorCode::kCorrupt, "the collector's answer is not understood"}; }

Error Refused(std::istringstream& line) {
  std::string code;
  std::string sentence;
  line >> code >> std::ws;
  std::getline(line, sentence);
  for (const ErrorCode known : {ErrorCode::kInvalid, ErrorCode::kDenied, ErrorCode::kNotFound,
                                ErrorCode::kExhausted, ErrorCode::kUnavailable, ErrorCode::kCorrupt}) {
    if (code == Name(known)) return {known, sentence};
  }
  return NotUnderstood();
}

}  // namespace

Result<std::string> Ask(const std::string& path, const std::string& command, const std::string& argument,
                        const Progress& progress) {
  if (argument.find('\n') != std::string::npos)
    return Error{ErrorCode::kInvalid, "a line feed is not allowed here"};
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  const Descriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.get() < 0 ||
      connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    return Error{
        nobody ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
        nobody ? "no collector is running: nobody listens at " + path
               : "the collector can't be asked at " + path + ": " + std::generic_category().message(errno)};
  }
  RETURN_IF_ERROR(WriteLine(connection.get(), argument.empty() ? command : command + ' ' + argument));
  std::string rest;
  for (;;) {
    ASSIGN_OR_RETURN(const std::string text, ReadLine(connection.get(), rest));
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "done") return text.substr(std::min<size_t>(text.size(), 5));
    if (kind == "failed") return Refused(line);
    uint64_t done = 0;
    uint64_t total = 0;
    if (kind != "progress" || !(line >> done >> total)) return NotUnderstood();
    if (progress) progress(done, total);
  }
}

}  // namespace postern::control
