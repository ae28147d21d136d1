#include "shared/secrets/expression.h"

#include <re2/re2.h>

#include "shared/secrets/go_syntax.h"

namespace postern::secrets {
namespace {

// What the automata of one expression may take. They grow with what the texts make of them; an expression
// that needs more is searched without them, slower.
constexpr int64_t kMostMemory = 24 << 20;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

std::optional<Span> SpanOf(std::string_view text, const re2::StringPiece& piece) {
  if (piece.data() == nullptr) return std::nullopt;
  const size_t begin = static_cast<size_t>(piece.data() - text.data());
  return Span{begin, begin + piece.size()};
}

}  // namespace

Expression::Expression(std::unique_ptr<re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Expression> Expression::Compile(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  auto compiled = std::make_unique<re2::RE2>(ForRe2(pattern), options);
  if (!compiled->ok()) return Error{ErrorCode::kInvalid, compiled->error()};
  return Expression(std::move(compiled));
}

std::optional<Span> Expression::Find(std::string_view text, const Span& within) const {
  re2::StringPiece match;
  if (!compiled_->Match(Piece(text), within.begin, within.end, re2::RE2::UNANCHORED, &match, 1))
    return std::nullopt;
  return SpanOf(text, match);
}

bool Expression::Matches(std::string_view text) const {
  return compiled_->Match(Piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

size_t Expression::groups() const { return static_cast<size_t>(compiled_->NumberOfCapturingGroups()); }

std::optional<std::vector<std::optional<Span>>> Expression::Groups(std::string_view text) const {
  std::vector<re2::StringPiece> found(groups() + 1);
  if (!compiled_->Match(Piece(text), 0, text.size(), re2::RE2::UNANCHORED, found.data(),
                        static_cast<int>(found.size())))
    return std::nullopt;
  std::vector<std::optional<Span>> spans;
  for (size_t i = 1; i < found.size(); ++i) spans.push_back(SpanOf(text, found[i]));
  return spans;
}

}  // namespace postern::secrets
