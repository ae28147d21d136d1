#include "agent/dialect/request_weight.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::dialect {
namespace {

RequestWeight Weigh(std::string_view body) {
  JsonCursor json;
  return WeighRequest(body, json);
}

const std::string kData(1'000, 'A');

std::string Message(const std::string& block) {
  return R"({"model":"m","messages":[{"role":"user","content":[)" + block + "]}]}";
}

std::string Sourced(const std::string& type, const std::string& source) {
  return R"({"type":")" + type + R"(","source":)" + source + "}";
}

std::string Base64() { return R"({"type":"base64","media_type":"image/png","data":")" + kData + R"("})"; }

TEST(RequestWeight, IsTheBodyWhereItIsText) {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"Hello"}]})";
  RequestWeight weight;
  weight.text_bytes = body.size();
  EXPECT_EQ(Weigh(body), weight);
}

TEST(RequestWeight, CountsPicturesAndDocumentsWithoutTheirData) {
  const std::string picture = Message(Sourced("image", Base64()));
  EXPECT_EQ(Weigh(picture).pictures, 1U);
  EXPECT_EQ(Weigh(picture).text_bytes, picture.size() - kData.size());
  const std::string document = Message(Sourced("document", Base64()));
  EXPECT_EQ(Weigh(document).documents, 1U);
  EXPECT_EQ(Weigh(document).document_bytes, kData.size());
  EXPECT_EQ(Weigh(document).text_bytes, document.size() - kData.size());
}

TEST(RequestWeight, FindsPicturesInToolResultsAndInTheContentOfDocuments) {
  const std::string in_result =
      Message(R"({"type":"tool_result","tool_use_id":"t","content":[)" + Sourced("image", Base64()) + "]}");
  EXPECT_EQ(Weigh(in_result).pictures, 1U);
  const std::string in_document =
      Message(Sourced("document", R"({"type":"content","content":[)" + Sourced("image", Base64()) + "]}"));
  EXPECT_EQ(Weigh(in_document).pictures, 1U);
  EXPECT_EQ(Weigh(in_document).fetched, 0U);
}

TEST(RequestWeight, TakesTextForTextWhateverItLooksLike) {
  const std::string in_input =
      Message(R"({"type":"tool_use","id":"t","name":"n","input":)" + Sourced("image", Base64()) + "}");
  EXPECT_EQ(Weigh(in_input).pictures, 0U);
  EXPECT_EQ(Weigh(in_input).text_bytes, in_input.size());
  const std::string in_text = Message(R"({"type":"text","text":")" + kData + R"("})");
  EXPECT_EQ(Weigh(in_text).text_bytes, in_text.size());
  const std::string plain =
      Message(Sourced("document", R"({"type":"text","media_type":"text/plain","data":")" + kData + R"("})"));
  EXPECT_EQ(Weigh(plain).documents, 0U);
  EXPECT_EQ(Weigh(plain).text_bytes, plain.size());
}

TEST(RequestWeight, CountsWhatCouldBeReadInTwoWaysAsBoth) {
  const std::string twice = Message(R"({"type":"image","type":"document","source":)" + Base64() + "}");
  EXPECT_EQ(Weigh(twice).documents + Weigh(twice).pictures, 1U);
  EXPECT_EQ(Weigh(twice).text_bytes, twice.size());
  const std::string two_data =
      Message(Sourced("image", R"({"type":"base64","data":"x","data":")" + kData + R"("})"));
  EXPECT_EQ(Weigh(two_data).text_bytes, two_data.size());
}

TEST(RequestWeight, CountsWhatTheProviderFetches) {
  EXPECT_EQ(Weigh(Message(Sourced("image", R"({"type":"url","url":"https://a.example/b.png"})"))).fetched,
            1U);
  EXPECT_EQ(Weigh(Message(Sourced("document", R"({"type":"file","file_id":"f"})"))).fetched, 1U);
  EXPECT_EQ(Weigh(Message(R"({"type":"container_upload","file_id":"f"})")).fetched, 1U);
  EXPECT_EQ(Weigh(Message(Sourced("video", Base64()))).fetched, 1U);
}

TEST(RequestWeight, SeesCacheMarksWhereverTheyMayStand) {
  constexpr std::string_view kMark = R"("cache_control":{"type":"ephemeral"})";
  constexpr std::string_view kLong = R"("cache_control":{"type":"ephemeral","ttl":"1h"})";
  const std::string text = R"({"type":"text","text":"x",)";
  EXPECT_FALSE(Weigh(Message(text + R"("a":1})")).cached);
  EXPECT_TRUE(Weigh(Message(text + std::string(kMark) + "}")).cached);
  EXPECT_FALSE(Weigh(Message(text + std::string(kMark) + "}")).cached_for_an_hour);
  EXPECT_TRUE(Weigh(Message(text + std::string(kLong) + "}")).cached_for_an_hour);
  EXPECT_TRUE(Weigh(R"({"tools":[{"name":"a",)" + std::string(kMark) + "}]}").cached);
  EXPECT_TRUE(
      Weigh(R"({"system":[{"type":"text","text":"s",)" + std::string(kLong) + "}]}").cached_for_an_hour);
  EXPECT_TRUE(Weigh("{" + std::string(kMark) + "}").cached);
}

TEST(RequestWeight, SeesThatTheProviderIsToShortenTheConversation) {
  EXPECT_TRUE(Weigh(R"({"context_management":{"edits":[{"type":"compact_20260112"}]}})").compacts);
  EXPECT_FALSE(Weigh(R"({"context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]}})").compacts);
}

TEST(RequestWeight, OfWhatIsNoJsonIsAllText) {
  const std::string broken = Message(Sourced("image", Base64())) + "}";
  RequestWeight weight;
  weight.text_bytes = broken.size();
  EXPECT_EQ(Weigh(broken), weight);
}

}  // namespace
}  // namespace postern::dialect
