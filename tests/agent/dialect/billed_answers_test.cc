// From the bytes of an answer to dollars: usage records as the provider sends them, read by the meter and
// priced by the table that is delivered, against sums done by hand (dollars per million tokens × tokens, in
// millionths of a dollar: µ$).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "agent/dialect/answer_meter.h"
#include "shared/pricing/price_file.h"
#include "tests/support/paths.h"

namespace postern::dialect {
namespace {

using namespace std::string_view_literals;

constexpr WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

// What came, and how it ended.
enum class Form {
  kStream,     // message_start, the deltas, message_stop
  kCut,        // the same without message_stop: the connection broke
  kErrorLate,  // an error event instead of message_stop
  kObject,     // one JSON answer; `start` is its usage
};

struct Record {
  const char* what;
  const char* model;
  Form form;
  std::string_view start;                // the usage object of message_start, or of the JSON answer
  std::vector<std::string_view> deltas;  // the usage objects of message_delta, in order
  int64_t expected;                      // nano-dollars
  std::string_view speed = "";           // asked for
  std::string_view geo = "";             // asked for
  std::string_view stop_reason = "end_turn";
};

constexpr auto kBothCaches =
    R"({"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":40000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":2000},"output_tokens":1,"service_tier":"standard"})"sv;
constexpr auto kAllClasses =
    R"({"input_tokens":1000,"output_tokens":1,"cache_creation_input_tokens":600,"cache_creation":{"ephemeral_5m_input_tokens":400,"ephemeral_1h_input_tokens":200},"cache_read_input_tokens":10000})"sv;
constexpr auto kThousands =
    R"({"input_tokens":1000,"output_tokens":1,"cache_creation_input_tokens":2000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":1000},"cache_read_input_tokens":1000})"sv;

const std::vector<Record>& Records() {
  static const std::vector<Record> records = {
      // Caches of both kinds. 12×4 + 503×20 + 1,000×5 + 2,000×8 + 40,000×0.20 = 48 + 10,060 + 5,000 + 16,000
      // + 8,000 = 39,108 µ$
      {"both caches",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503})"},
       39'108'000},
      {"… and what is hidden is billed once",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503,"output_tokens_details":{"thinking_tokens":450}})"},
       39'108'000},
      // 39,108 × 1.1 = 43,018.8 µ$
      {"the answer says where it ran",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503,"inference_geo":"us"})"},
       43'018'800},
      {"only the request says where",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503})"},
       43'018'800,
       "",
       "us"},
      // 39,108 / 2 = 19,554 µ$
      {"in a batch",
       "claude-opus-5-5",
       Form::kObject,
       R"({"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":40000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":2000},"output_tokens":503,"service_tier":"batch"})",
       {},
       19'554'000},
      // 3×4 + 220×20 + 49,000×5 = 12 + 4,400 + 245,000 = 249,412 µ$
      {"the first turn; the kind of cache isn't said, so it is the short one",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":3,"cache_creation_input_tokens":49000,"cache_read_input_tokens":0,"output_tokens":4})",
       {R"({"output_tokens":220})"},
       249'412'000},
      // 7×4 + 900×20 + 500×5 + 1,500×8 + 60,000×0.20 = 28 + 18,000 + 2,500 + 12,000 + 12,000 = 44,528 µ$
      {"the two kinds are more than their sum: they count",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":7,"cache_creation_input_tokens":1800,"cache_read_input_tokens":60000,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":1500},"output_tokens":1})",
       {R"({"output_tokens":900})"},
       44'528'000},
      // 28 + 18,000 + (500 + 500)×5 + 1,500×8 + 12,000 = 47,028 µ$
      {"less is explained than was written: the rest is the short kind",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":7,"cache_creation_input_tokens":2500,"cache_read_input_tokens":60000,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":1500},"output_tokens":1})",
       {R"({"output_tokens":900})"},
       47'028'000},
      // 25×4 + 812×20 + 49,000×0.20 = 100 + 16,240 + 9,800 = 26,140 µ$
      {"nothing is written, null is nothing",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":25,"cache_creation_input_tokens":null,"cache_creation":null,"cache_read_input_tokens":49000,"output_tokens":1,"server_tool_use":null})",
       {R"({"output_tokens":812})"},
       26'140'000},
      // 4×4 + 4,096×20 + 20,000×8 + 100,000×0.20 = 16 + 81,920 + 160,000 + 20,000 = 261,936 µ$
      {"stopped at max_tokens",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":4,"cache_creation_input_tokens":20000,"cache_read_input_tokens":100000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":20000},"output_tokens":8})",
       {R"({"output_tokens":4096})"},
       261'936'000,
       "",
       "",
       "max_tokens"},

      // Deltas: counts so far, not additions.
      {"deltas repeat every class",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":40000,"output_tokens":100})",
        R"({"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":40000,"output_tokens":503})"},
       39'108'000},
      {"deltas rise; the last counts",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":3})", R"({"output_tokens":40})", R"({"output_tokens":500})",
        R"({"output_tokens":503})"},
       39'108'000},
      {"a delta comes twice",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503})", R"({"output_tokens":503})"},
       39'108'000},
      {"a later delta says 0 of what was said before",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503})",
        R"({"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0})"},
       39'108'000},
      {"the whole usage comes at the end only",
       "claude-opus-5-5",
       Form::kStream,
       "{}",
       {R"({"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":40000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":2000},"output_tokens":503})"},
       39'108'000},
      // On top of 39,108: 180,000×4 + 1,500×20 = 750,000 → 789,108 µ$
      {"a compaction within the answer is billed on top",
       "claude-opus-5-5",
       Form::kStream,
       kBothCaches,
       {R"({"output_tokens":503,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":1500},{"type":"message","input_tokens":12,"output_tokens":503}]})"},
       789'108'000},

      // Cut, refused, failed.
      // 12×4 + 1×20 + 1,000×5 + 2,000×8 + 40,000×0.20 = 29,068 µ$
      {"cut before anything was written", "claude-opus-5-5", Form::kCut, kBothCaches, {}, 29'068'000},
      // 77 instead of 1: 48 + 1,540 + 29,000 = 30,588 µ$
      {"cut after a delta",
       "claude-opus-5-5",
       Form::kCut,
       kBothCaches,
       {R"({"output_tokens":77})"},
       30'588'000},
      {"failed after a delta",
       "claude-opus-5-5",
       Form::kErrorLate,
       kBothCaches,
       {R"({"output_tokens":77})"},
       30'588'000},
      {"cut before any usage: nothing is known", "claude-opus-5-5", Form::kCut, "{}", {}, 0},
      // 2,100×4 + 18×20 = 8,400 + 360 = 8,760 µ$
      {"the model refuses",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":2100,"output_tokens":1})",
       {R"({"output_tokens":18})"},
       8'760'000,
       "",
       "",
       "refusal"},
      // 9×4 + 2×20 + 30,000×0.20 = 36 + 40 + 6,000 = 6,076 µ$
      {"the model refuses a prompt that it had cached",
       "claude-opus-5-5",
       Form::kObject,
       R"({"input_tokens":9,"cache_read_input_tokens":30000,"cache_creation_input_tokens":0,"output_tokens":2})",
       {},
       6'076'000,
       "",
       "",
       "refusal"},

      // Server tools.
      // 900×4 + 310×20 + 3 × 10,000 = 3,600 + 6,200 + 30,000 = 39,800 µ$
      {"three searches",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":900,"output_tokens":1})",
       {R"({"output_tokens":310,"server_tool_use":{"web_search_requests":3,"web_fetch_requests":0}})"},
       39'800'000},
      // (3,600 + 6,200) × 1.1 + 30,000 = 40,780 µ$: searches have no multiplier
      {"three searches in the United States",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":900,"output_tokens":1,"inference_geo":"us"})",
       {R"({"output_tokens":310,"server_tool_use":{"web_search_requests":3}})"},
       40'780'000},
      // 4,000×4 + 120×20 = 18,400 µ$
      {"fetches cost their tokens only",
       "claude-opus-5-5",
       Form::kStream,
       R"({"input_tokens":4000,"output_tokens":1})",
       {R"({"output_tokens":120,"server_tool_use":{"web_search_requests":0,"web_fetch_requests":5}})"},
       18'400'000},
      // 8,000×1 + 150×5 + 30,000 = 38,750 µ$
      {"searches cost the same with a small model",
       "claude-haiku-4-5-20251001",
       Form::kObject,
       R"({"input_tokens":8000,"output_tokens":150,"server_tool_use":{"web_search_requests":3}})",
       {},
       38'750'000},

      // Long prompts and bands.
      // 50,000×4 + 10,000×20 + 900,000×0.20 = 200,000 + 200,000 + 180,000 = 580,000 µ$
      {"a million tokens at the standard price",
       "claude-opus-5-5[1m]",
       Form::kStream,
       R"({"input_tokens":50000,"cache_read_input_tokens":900000,"output_tokens":1})",
       {R"({"output_tokens":10000})"},
       580'000'000},
      // 10,000×0.10 + 2,000×0.50 + 10,000×0.125 + 80,000×0.01 = 1,000 + 1,000 + 1,250 + 800 = 4,050 µ$
      {"a prompt of 100,000 tokens",
       "claude-haiku-5-5",
       Form::kStream,
       R"({"input_tokens":10000,"cache_creation_input_tokens":10000,"cache_read_input_tokens":80000,"output_tokens":1})",
       {R"({"output_tokens":2000})"},
       4'050'000},
      // 10,001×0.50 + 2,000×2.50 + 10,000×0.625 + 80,000×0.05 = 5,000.5 + 5,000 + 6,250 + 4,000 = 20,250.5 µ$
      {"one token more, and all of it is dearer",
       "claude-haiku-5-5",
       Form::kStream,
       R"({"input_tokens":10001,"cache_creation_input_tokens":10000,"cache_read_input_tokens":80000,"output_tokens":1})",
       {R"({"output_tokens":2000})"},
       20'250'500},
      // 1×0.10 + 1×0.50 + 99,999×0.01 = 1,000.59 µ$
      {"reads count for the band",
       "claude-haiku-5-5",
       Form::kObject,
       R"({"input_tokens":1,"cache_read_input_tokens":99999,"output_tokens":1})",
       {},
       1'000'590},
      // 1×0.50 + 1×2.50 + 100,000×0.05 = 5,003 µ$
      {"… also over its edge",
       "claude-haiku-5-5",
       Form::kObject,
       R"({"input_tokens":1,"cache_read_input_tokens":100000,"output_tokens":1})",
       {},
       5'003'000},

      // Speeds, clouds, other models.
      // 1,000×5 + 100×25 + 400×6.25 + 200×10 + 10,000×0.50 = 5,000 + 2,500 + 2,500 + 2,000 + 5,000 = 17,000
      // µ$
      {"opus 5", "claude-opus-5", Form::kStream, kAllClasses, {R"({"output_tokens":100})"}, 17'000'000},
      {"opus 5, fast by its answer",
       "claude-opus-5",
       Form::kStream,
       kAllClasses,
       {R"({"output_tokens":100,"speed":"fast"})"},
       34'000'000},
      {"opus 4.8, fast by the request",
       "claude-opus-4-8",
       Form::kStream,
       kAllClasses,
       {R"({"output_tokens":100})"},
       34'000'000,
       "fast"},
      {"fast was asked for, standard was had",
       "claude-opus-5",
       Form::kStream,
       kAllClasses,
       {R"({"output_tokens":100,"speed":"standard"})"},
       17'000'000,
       "fast"},
      // 34,000 × 1.1 = 37,400 µ$
      {"fast, in the United States",
       "claude-opus-5",
       Form::kStream,
       kAllClasses,
       {R"({"output_tokens":100,"speed":"fast","inference_geo":"us"})"},
       37'400'000},
      // 17,000 × 1.1 = 18,700 µ$
      {"in a region of Bedrock",
       "eu.anthropic.claude-opus-4-6-v1",
       Form::kStream,
       kAllClasses,
       {R"({"output_tokens":100})"},
       18'700'000},
      // 1,000×3 + 1,000×15 + 1,000×3.75 + 1,000×6 + 1,000×0.30 = 28,050 µ$
      {"sonnet on Vertex",
       "claude-sonnet-4-5@20250929",
       Form::kStream,
       kThousands,
       {R"({"output_tokens":1000})"},
       28'050'000},
      // 6×10 + 7,000×50 + 1,000×20 + 250,000×0.25 = 60 + 350,000 + 20,000 + 62,500 = 432,560 µ$
      {"fable, thinking for long",
       "claude-fable-5-1",
       Form::kStream,
       R"({"input_tokens":6,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":1000},"cache_read_input_tokens":250000,"output_tokens":2})",
       {R"({"output_tokens":7000,"output_tokens_details":{"thinking_tokens":6800}})"},
       432'560'000},
      // 350×1 + 40×5 = 550 µ$
      {"the title of a conversation",
       "claude-haiku-4-5",
       Form::kObject,
       R"({"input_tokens":350,"output_tokens":40})",
       {},
       550'000},
  };
  return records;
}

std::string Event(std::string_view name, const std::string& data) {
  return "event: " + std::string(name) + "\ndata: " + data + "\n\n";
}

std::string Body(const Record& record) {
  const std::string head =
      R"("id":"msg_01","type":"message","role":"assistant","model":"claude","content":[],"usage":)" +
      std::string(record.start);
  if (record.form == Form::kObject)
    return "{" + head + R"(,"stop_reason":")" + std::string(record.stop_reason) + "\"}";
  std::string body = Event("message_start", R"({"type":"message_start","message":{)" + head + "}}");
  for (const std::string_view usage : record.deltas) {
    body += Event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":")" +
                                       std::string(record.stop_reason) + R"("},"usage":)" +
                                       std::string(usage) + "}");
  }
  if (record.form == Form::kStream) body += Event("message_stop", R"({"type":"message_stop"})");
  if (record.form == Form::kErrorLate)
    body += Event("error", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  return body;
}

AnswerFacts Read(const Record& record, size_t piece) {
  const std::string body = Body(record);
  JsonCursor json;
  AnswerMeter meter(record.form == Form::kObject ? "application/json" : "text/event-stream", json);
  for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    meter.Feed(rest.substr(0, piece));
  if (record.form != Form::kCut) meter.Finish();
  return meter.facts();
}

TEST(BilledAnswers, AreWhatOneComputesByHand) {
  const auto table = pricing::LoadPriceTable(*config::ParseFile(support::InSource("config/models.yaml")));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_GE(Records().size(), 40U);
  for (const Record& record : Records()) {
    for (const size_t piece : {size_t{1}, size_t{97}, SIZE_MAX}) {
      const AnswerFacts facts = Read(record, piece);
      EXPECT_EQ(facts.unreadable, 0U) << record.what;
      EXPECT_EQ(facts.complete, record.form == Form::kStream || record.form == Form::kObject) << record.what;
      const auto cost =
          table->Price(record.model, facts.usage, kNow, {.speed = record.speed, .inference_geo = record.geo});
      ASSERT_TRUE(cost) << record.what << ": " << cost.error().message;
      EXPECT_EQ(cost->nano_dollars, Amount(record.expected))
          << record.what << ", " << piece << " bytes at a time";
    }
  }
}

}  // namespace
}  // namespace postern::dialect
