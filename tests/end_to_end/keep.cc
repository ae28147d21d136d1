#include "tests/end_to_end/keep.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <unistd.h>

#include "shared/base/check.h"
#include "shared/json/value.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

using support::Process;

const std::string kProgram = support::InBuild("bin/postern-collector");
constexpr int kTooManyRequests = 429;
constexpr std::chrono::milliseconds kComeAgain{500};

std::string Field(const std::string& text, std::string_view name) {
  const auto value = json::Parse(text);
  CHECK(value);
  const auto object = value->AsOpenObject();
  CHECK(object);
  auto field = object->Text(name);
  CHECK(field);
  return *std::move(field);
}

}  // namespace

Keep::Keep() {
  WriteConfig();
  const auto made = Run({"init", "--name", "127.0.0.1", "--administrator", "test", "--json"});
  if (made.ending.code != 0) std::fprintf(stderr, "init failed:\n%s\n", made.errors.c_str());
  CHECK(made.ending.code == 0);
  fingerprint_ = Field(made.output, "fingerprint");
  token_ = Field(made.output, "text");
}

void Keep::WriteConfig() const {
  directory_.Write("collector.yaml", "listen: 127.0.0.1:" + std::to_string(api_port()) +
                                         "\nagents: 127.0.0.1:" + std::to_string(agents_port()) +
                                         "\nstate: collector\n" + extra_config_);
}

void Keep::Start() {
  WriteConfig();
  auto started =
      Process::Start({.argv = {kProgram, "run", "--config", config_file()}, .variables = variables_});
  CHECK(started.has_value());
  process_ = *std::move(started);
  const auto line = process_->WaitForLine("api_port=");
  if (!line) std::fprintf(stderr, "the collector did not start:\n%s\n", process_->errors().c_str());
  CHECK(line.has_value());
}

void Keep::Kill() {
  process_->Signal(SIGKILL);
  CHECK(process_->Wait().has_value());
}

support::Ending Keep::Stop() { return process_->Stop(); }

rest::Reply Keep::Call(std::string_view method, std::string_view path, std::string_view body,
                       std::string_view content_type) const {
  const auto client = rest::Client::Make({.url = url(), .fingerprint = fingerprint_, .token = token_});
  CHECK(client);
  for (;;) {
    auto reply = (*client)->Send({.method = std::string(method),
                                  .path = std::string(path),
                                  .body = std::string(body),
                                  .content_type = std::string(content_type)});
    if (!reply) std::fprintf(stderr, "%s\n", reply.error().message.c_str());
    CHECK(reply);
    if (reply->status != kTooManyRequests) return *std::move(reply);
    std::this_thread::sleep_for(kComeAgain);
  }
}

std::string Keep::Done(std::string_view method, std::string_view path, std::string_view body) const {
  rest::Reply reply = Call(method, path, body);
  if (reply.status >= 300) std::fprintf(stderr, "%d %s\n", reply.status, reply.body.c_str());
  CHECK(reply.status < 300);
  return std::move(reply.body);
}

std::string Keep::EnrolmentToken() const { return Field(Done("POST", "/v1/enrolment-tokens", "{}"), "text"); }

int64_t Keep::Requests() const {
  const auto usage = json::Parse(Done("GET", "/v1/usage"));
  CHECK(usage);
  const auto object = usage->AsOpenObject();
  CHECK(object);
  const auto total = object->Require("total");
  CHECK(total);
  const auto sums = total->AsOpenObject();
  CHECK(sums);
  const auto requests = sums->Integer("requests", 0, INT64_MAX);
  CHECK(requests);
  return *requests;
}

double Keep::Metric(std::string_view sample) const {
  const std::string text = Done("GET", "/metrics");
  const std::string line = "\n" + std::string(sample) + " ";
  const size_t at = text.find(line);
  return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + line.size(), nullptr);
}

uint64_t Keep::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(process_->pid()) + "/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

support::Finished Keep::Run(std::vector<std::string> words) const {
  words.insert(words.begin(), kProgram);
  words.insert(words.end(), {"--config", config_file()});
  auto finished = support::RunProcess({.argv = std::move(words)});
  CHECK(finished);
  return *std::move(finished);
}

}  // namespace postern::end_to_end
