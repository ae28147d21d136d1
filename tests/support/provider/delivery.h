// How an answer goes out: its framing, its pace, its faults.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/provider/answer.h"
#include "tests/support/provider/connection.h"
#include "tests/support/provider/plan.h"

namespace postern::provider {

// Sends one answer. The arguments must live as long. Owned by the loop thread.
class Delivery {
 public:
  Delivery(Connection& connection, const Plan& plan, const Answer& answer, uint64_t number)
      : connection_(connection), plan_(plan), answer_(answer), number_(number) {}

  http::Task<Outcome> Run();

  // Whether the connection can't be used again after such an answer.
  static bool EndsConnection(const Plan& plan, const Answer& answer, const http::Head& head);

 private:
  enum class Step { kGoOn, kGone, kCut };
  static AnswerFraming FramingOf(const Plan& plan, const Answer& answer, const http::Head& head);
  http::Task<Step> Start();
  http::Task<Step> SendParts();
  http::Task<Step> BeforePart(size_t index);
  http::Task<Step> Flush();
  http::Task<Step> SendSliced(std::string_view bytes);
  http::Task<Step> Sleep(std::chrono::milliseconds time);
  http::Task<Step> PassGate();
  void EncodeParts();
  std::string ComposeHead() const;
  void AddFramed(std::string_view bytes);
  bool HasBody() const { return connection_.head().method != "HEAD"; }

  Connection& connection_;
  const Plan& plan_;
  const Answer& answer_;
  const uint64_t number_;
  AnswerFraming framing_ = AnswerFraming::kUsual;
  std::vector<std::string> encoded_;  // the parts, where they are coded
  size_t length_ = 0;                 // of the body
  std::string output_;                // composed and not sent yet
  size_t parts_in_output_ = 0;
  size_t parts_sent_ = 0;
  BootTime due_{};
  crypto::Sha256Hasher hasher_;
};

}  // namespace postern::provider
