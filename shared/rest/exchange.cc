#include "shared/rest/exchange.h"

#include <algorithm>
#include <istream>
#include <optional>
#include <ostream>
#include <typeinfo>
#include <utility>

#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/NetException.h>

#include "shared/base/log.h"
#include "shared/rest/target.h"

namespace postern::rest {
namespace {

using Poco::Net::HTTPMessage;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequestImpl;

constexpr size_t kPiece = 64 << 10;         // of a body, from one look at the clock to the next
constexpr size_t kMostDiscarded = 8 << 20;  // of a body that was refused; a whole number of pieces

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Headers HeadersOf(const HTTPServerRequestImpl& request) {
  Headers headers;
  for (const auto& [name, value] : request) {
    std::string small = name;
    std::transform(small.begin(), small.end(), small.begin(), Lower);
    std::string& all = headers[small];
    all += (all.empty() ? "" : ", ") + value;
  }
  return headers;
}

size_t Count(const HTTPServerRequestImpl& request, const std::string& name) {
  return static_cast<size_t>(std::count_if(request.begin(), request.end(), [&](const auto& header) {
    return Poco::icompare(header.first, name) == 0;
  }));
}

bool IsLength(const std::string& text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The length of the body, where the request says it once and plainly: two readers must not see two bodies
// (RFC 9112 §6.3). Chunks aren't taken: POCO doesn't tell a body that breaks off from one that ends.
Result<size_t> LengthOf(const HTTPServerRequestImpl& request, size_t most, Response& refusal) {
  const auto refuse = [&](int status, std::string_view message) {
    refusal = Refusal(status, Name(ErrorCode::kInvalid), message);
    return Error{ErrorCode::kInvalid, std::string(message)};
  };
  if (request.has(HTTPMessage::TRANSFER_ENCODING))
    return refuse(411, "a request needs a content-length; a transfer-encoding isn't taken");
  const size_t lengths = Count(request, HTTPMessage::CONTENT_LENGTH);
  if (lengths == 0) return 0U;
  const std::string length = request.get(HTTPMessage::CONTENT_LENGTH);
  if (lengths > 1 || !IsLength(length))
    return refuse(400, "the request doesn't say plainly how long its body is");
  const uint64_t bytes = std::stoull(length);
  if (bytes > most) return refuse(413, "a body may have at most " + std::to_string(most) + " bytes");
  return static_cast<size_t>(bytes);
}

class ChunkStream : public Stream {
 public:
  ChunkStream(std::ostream& out, Watch::Entry& watch, const Serving& serving)
      : out_(out), watch_(watch), serving_(serving) {}

  Status Write(std::string_view bytes) override {
    if (serving_.stopping) return Error{ErrorCode::kUnavailable, "the server stops"};
    watch_.Expect(serving_.options.answer_timeout);
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out_.flush();
    watch_.Free();
    if (!out_.good()) return Error{ErrorCode::kUnavailable, "the client is gone"};
    return Ok{};
  }

 private:
  std::ostream& out_;
  Watch::Entry& watch_;
  const Serving& serving_;
};

}  // namespace

After Exchange::Serve(After wanted) {
  std::optional<HTTPServerRequestImpl> from;
  // The parameters are those of the session; a request only hands them on.
  Poco::Net::HTTPServerParams::Ptr parameters(new Poco::Net::HTTPServerParams);
  Response refusal;
  try {
    from.emplace(response_, session_, parameters.get());
  } catch (const Poco::Net::NoMessageException&) {
    return After::kClose;
  } catch (const Poco::Net::MessageException&) {
    refusal = Refusal(400, Name(ErrorCode::kInvalid), "the request can't be read");
  } catch (const Poco::SyntaxException&) {
    refusal = Refusal(400, Name(ErrorCode::kInvalid), "the request can't be read");
  }
  if (!from) {
    serving_.unreadable.fetch_add(1);
    Answer(refusal, After::kClose);
    return After::kClose;
  }
  auto request = Read(*from, refusal);
  if (!request) {
    serving_.unreadable.fetch_add(1);
    Answer(refusal, After::kClose);
    Discard(*from);
    return After::kClose;
  }
  watch_.Free();
  const Response response = Handle(*request);
  const bool keep = wanted == After::kKeep && from->getKeepAlive() && !serving_.stopping;
  Answer(response, keep ? After::kKeep : After::kClose);
  return response_.getKeepAlive() ? After::kKeep : After::kClose;
}

void Exchange::Discard(HTTPServerRequestImpl& from) {
  if (!from.hasContentLength() || from.has(HTTPMessage::TRANSFER_ENCODING)) return;
  watch_.Expect(serving_.options.body_timeout);
  std::string piece(kPiece, '\0');
  std::istream& in = from.stream();
  for (size_t left = kMostDiscarded; left > 0 && in.good(); left -= kPiece)
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
}

Response Exchange::Handle(const Request& request) {
  try {
    return serving_.handler(request);
  } catch (const std::exception& problem) {
    // What it says may hold anything.
    Log(Level::kError, "a request's handler threw",
        {{"kind", typeid(problem).name()}, {"path", request.path}});
    return Refusal(500, Name(ErrorCode::kCorrupt), "the collector has a fault");
  }
}

Result<Request> Exchange::Read(HTTPServerRequestImpl& from, Response& refusal) {
  response_.setVersion(from.getVersion());
  auto target = ParseTarget(from.getURI());
  if (!target) {
    refusal = Refusal(target.error());
    return target.error();
  }
  Request request;
  request.method = from.getMethod();
  request.path = std::move(target->path);
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
  request.headers = HeadersOf(from);
  request.source = session_.clientAddress().host().toString();
  const ServerOptions& options = serving_.options;
  const size_t most = options.body_limit ? options.body_limit(request) : options.body_bytes;
  ASSIGN_OR_RETURN(const size_t length, LengthOf(from, most, refusal));
  if (length > 0) {
    ASSIGN_OR_RETURN(request.body, ReadBody(from, length, refusal));
  }
  return request;
}

Result<std::string> Exchange::ReadBody(HTTPServerRequestImpl& from, size_t length, Response& refusal) {
  watch_.Expect(serving_.options.body_timeout);
  if (from.getExpectContinue()) response_.sendContinue();
  std::string body;
  std::istream& in = from.stream();
  while (in.good() && body.size() < length) {
    const size_t before = body.size();
    body.resize(std::min(before + kPiece, length));
    in.read(body.data() + before, static_cast<std::streamsize>(body.size() - before));
    body.resize(before + static_cast<size_t>(in.gcount()));
  }
  if (body.size() == length) return body;
  refusal = Refusal(400, Name(ErrorCode::kInvalid), "the request's body breaks off");
  return Error{ErrorCode::kInvalid, "the request's body breaks off"};
}

void Exchange::Answer(const Response& response, After after) {
  response_.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(response.status));
  if (response.status != HTTPResponse::HTTP_NO_CONTENT) response_.setContentType(response.content_type);
  response_.set("Cache-Control", "no-store");
  response_.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) response_.set(name, value);
  response_.setKeepAlive(after == After::kKeep);
  watch_.Expect(serving_.options.answer_timeout);
  if (response.stream) {
    if (response_.getVersion() == HTTPMessage::HTTP_1_1) response_.setChunkedTransferEncoding(true);
    else response_.setKeepAlive(false);
    std::ostream& out = response_.send();
    out.flush();
    ChunkStream stream(out, watch_, serving_);
    watch_.Free();
    response.stream(stream);
    watch_.Expect(serving_.options.answer_timeout);
    return;
  }
  if (response.status != HTTPResponse::HTTP_NO_CONTENT)
    response_.setContentLength64(static_cast<Poco::Int64>(response.body.size()));
  std::ostream& out = response_.send();
  for (size_t sent = 0; sent < response.body.size() && out.good(); sent += kPiece) {
    watch_.Expect(serving_.options.answer_timeout);
    out.write(response.body.data() + sent,
              static_cast<std::streamsize>(std::min(kPiece, response.body.size() - sent)));
  }
  out.flush();
}

}  // namespace postern::rest
