#include "tests/end_to_end/revocation_time.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "tests/end_to_end/furnished.h"
#include "tests/support/http_client.h"

namespace postern::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

Error Failed(const std::string& what) { return {ErrorCode::kUnavailable, what}; }

Result<double> TimeOne(House& house, Host& host) {
  const MadeKey key = MakeKeyOfUser(house.keep());
  host.set_key(key.text);
  auto stream = support::RawConnection::Open(host.target());
  if (!stream) return stream.error();
  const std::string request =
      support::FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                             StreamBody("[[postern events=9 size=20 hold=never hold_after=5]]"));
  RETURN_IF_ERROR(stream->Send(request));
  if (const auto begun = stream->ReadUntil("content_block_delta\""); !begun)
    return Failed("an answer did not begin: " + begun.error().message);
  bool has_ended = false;
  Clock::time_point ended;
  std::thread reader([&] {
    has_ended = stream->ReadUntil("\r\n0\r\n\r\n").has_value();
    ended = Clock::now();
  });
  house.keep().Done("POST", "/v1/keys/" + key.id + "/revoke");
  const auto answered = Clock::now();
  reader.join();
  if (!has_ended) return Failed("an answer was not ended");
  return std::max(0.0, std::chrono::duration<double, std::milli>(ended - answered).count());
}

}  // namespace

Result<std::vector<double>> TimeRevocations(House& house, Host& host, int times) {
  std::vector<double> milliseconds;
  for (int i = 0; i < times; ++i) {
    // Each time is a new key, and a collector answers a host's questions about keys at twenty a second.
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    ASSIGN_OR_RETURN(const double took, TimeOne(house, host));
    milliseconds.push_back(took);
  }
  return milliseconds;
}

}  // namespace postern::end_to_end
