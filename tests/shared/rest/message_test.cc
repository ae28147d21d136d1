#include "shared/rest/message.h"

#include <gtest/gtest.h>

namespace postern::rest {
namespace {

TEST(Message, ABearersTokenIsFoundWhateverTheSchemesCase) {
  Request request;
  EXPECT_EQ(request.Bearer(), "");
  for (const auto& [header, token] : std::map<std::string, std::string>{{"Bearer abc", "abc"},
                                                                        {"bearer  abc ", "abc"},
                                                                        {"BEARER a b", "a b"},
                                                                        {"Bearer ", ""},
                                                                        {"Basic abc", ""},
                                                                        {"Bearerabc", ""}}) {
    request.headers["authorization"] = header;
    EXPECT_EQ(request.Bearer(), token) << header;
  }
}

TEST(Message, AnErrorBecomesAnAnswerAndTheAnswerTheErrorAgain) {
  for (const ErrorCode code : {ErrorCode::kInvalid, ErrorCode::kDenied, ErrorCode::kNotFound,
                               ErrorCode::kExhausted, ErrorCode::kUnavailable, ErrorCode::kCorrupt}) {
    const Error error{code, "a \"sentence\""};
    const Response response = Refusal(error);
    EXPECT_EQ(response.status, StatusOf(code));
    EXPECT_EQ(ErrorOf(response.status, response.body), error);
  }
  EXPECT_EQ(Refusal(409, "invalid", "x").body, R"({"error":{"code":"invalid","message":"x"}})");
}

TEST(Message, AnAnswerOfAnotherShapeIsAnErrorByItsStatus) {
  EXPECT_EQ(ErrorOf(401, "<html>").code, ErrorCode::kDenied);
  EXPECT_EQ(ErrorOf(404, "{}").code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOf(429, "").code, ErrorCode::kExhausted);
  EXPECT_EQ(ErrorOf(502, R"({"error":{"code":"strange","message":"x"}})").code, ErrorCode::kUnavailable);
  EXPECT_EQ(ErrorOf(418, "").message, "the collector answered with status 418");
}

TEST(Message, AnEscapedPartHoldsNoSpecialCharacter) {
  EXPECT_EQ(Escape("a b/ü?&=+%"), "a%20b%2F%C3%BC%3F%26%3D%2B%25");
  EXPECT_EQ(Escape("Az09-._~"), "Az09-._~");
}

}  // namespace
}  // namespace postern::rest
