// One client's connection to the simulated provider: requests in, bytes out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "shared/http/buffer_pool.h"
#include "shared/http/message_parser.h"
#include "shared/http/stream.h"
#include "tests/support/provider/journal.h"

namespace postern::provider {

class Provider;
struct CannedAnswer;

// Lives on the frame of its coroutine. Owned by the loop thread.
class Connection {
 public:
  static http::Task<void> Serve(Provider& provider, int descriptor, uint64_t number);

  Provider& provider() { return provider_; }
  http::Strand& strand() { return strand_; }
  const http::Head& head() const { return head_; }
  // Of the exchange that is on its way; null on the control side and for canned answers.
  Record* record() { return record_.get(); }

  // Sends all of it; false when the client is gone. Counts it in the record.
  http::Task<bool> Write(std::string_view bytes);
  // The end of the connection without a word of TLS.
  void Cut(Ending ending);

 private:
  Connection(Provider& provider, int descriptor, uint64_t number);
  http::Task<bool> Handshake();
  http::Task<bool> ReadHead();
  enum class Body { kWhole, kTooLarge, kMalformed, kGone };
  http::Task<Body> ReadBody();
  http::Task<Body> ReadChunks();
  http::Task<bool> ServeOne();  // false: the connection ends
  http::Task<bool> SendCanned(const CannedAnswer& answer);
  http::Task<bool> ServeControl();
  http::Task<bool> ServeApi();
  http::Task<void> Linger();
  void KeepOnDisk() const;

  Provider& provider_;
  http::Strand strand_;
  http::Stream stream_;
  const uint64_t number_;
  http::MessageParser parser_{http::MessageParser::Role::kRequests};
  http::Head head_;
  std::string input_;    // the head's bytes
  std::string pending_;  // what came after them and isn't read yet
  http::Buffer body_;
  std::shared_ptr<Record> record_;
  std::string sent_;  // only when exchanges are kept on disk
};

}  // namespace postern::provider
