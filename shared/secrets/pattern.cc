#include "shared/secrets/pattern.h"

#include <algorithm>
#include <optional>

#include "shared/secrets/expression_cursor.h"

namespace postern::secrets {
namespace {

constexpr size_t kMost = 1 << 30;  // widths saturate here
constexpr int kDeepest = 200;
constexpr size_t kBytesOfCharacter = 4;
constexpr size_t kMostSteps = 150;      // of one repetition, for Vectorscan
constexpr size_t kMostCharacters = 32;  // where each may be beyond ASCII, which takes many states

size_t Plus(size_t a, size_t b) { return std::min(kMost, a + b); }
size_t Times(size_t a, size_t b) { return b != 0 && a > kMost / b ? kMost : std::min(kMost, a * b); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What is known of a piece of an expression.
struct Part {
  ByteSet all;                      // bytes that may be in what it matches
  ByteSet run;                      // those of endless repetitions
  size_t fixed = 0;                 // bytes at most, outside of these
  std::optional<size_t> exact = 0;  // it is a literal of this length
  size_t literal = 0;               // it holds one of at least this length
  enum class Kind { kText, kOptional, kAssertion, kFlags } kind = Kind::kText;
};

Part OfClass(const ByteSet& set, bool counts_characters) {
  Part part;
  part.all = set;
  part.fixed = counts_characters ? kBytesOfCharacter : 1;
  size_t kinds = 0;
  for (unsigned b = 0; b < 256; ++b) {
    if (set[b] && !(b >= 'A' && b <= 'Z')) ++kinds;
  }
  // [-_] or [sS] is as good as a letter.
  if (kinds <= 2) {
    part.exact = part.literal = 1;
  } else {
    part.exact.reset();
  }
  return part;
}

// A reader of RE2's syntax by recursive descent. Where it doesn't understand, it stops.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Pattern Read() {
    Pattern pattern;
    const Part whole = Alternatives(0);
    if (!good_ || !End()) return pattern;
    pattern.understood = true;
    pattern.run = whole.run;
    pattern.fixed_bytes = whole.fixed;
    pattern.literal = whole.literal;
    pattern.beyond_ascii = beyond_ascii_;
    pattern.for_vectorscan = std::move(out_);
    return pattern;
  }

 private:
  bool End() const { return text_.End(); }
  char Peek(size_t ahead = 0) const { return text_.Peek(ahead); }
  Part Fail() {
    good_ = false;
    return {};
  }

  Part Alternatives(int depth) {
    if (depth > kDeepest) return Fail();
    Part part = Sequence(depth);
    while (good_ && Peek() == '|' && !End()) {
      text_.Skip();
      out_ += '|';
      const Part other = Sequence(depth);
      part.all |= other.all;
      part.run |= other.run;
      part.fixed = std::max(part.fixed, other.fixed);
      part.literal = std::min(part.literal, other.literal);
      part.exact.reset();
    }
    return part;
  }

  Part Sequence(int depth) {
    Part whole;
    size_t in_row = 0;
    bool exact = true;
    bool at_beginning = depth == 0;
    while (good_ && !End() && Peek() != '|' && Peek() != ')') {
      const size_t written = out_.size();
      const Part part = Repeated(depth);
      // What may be left out at the beginning has no say in where matches can end.
      if (at_beginning && part.kind == Part::Kind::kOptional) out_.resize(written);
      at_beginning &= part.kind == Part::Kind::kOptional || part.kind == Part::Kind::kFlags;
      whole.all |= part.all;
      whole.run |= part.run;
      whole.fixed = Plus(whole.fixed, part.fixed);
      if (part.exact) {
        in_row += *part.exact;
      } else {
        exact = false;
        in_row = 0;
      }
      whole.literal = std::max({whole.literal, part.literal, in_row});
    }
    if (exact) {
      whole.exact = in_row;
    } else {
      whole.exact.reset();
    }
    return whole;
  }

  struct Count {
    size_t least = 1;
    std::optional<size_t> most = 1;
  };

  // {n} {n,} {n,m}; otherwise the brace is a character.
  std::optional<Count> Braces() {
    size_t ahead = 1;
    const auto number = [&]() -> std::optional<size_t> {
      size_t value = 0;
      const size_t begin = ahead;
      while (IsDigit(Peek(ahead)) && ahead - begin < 5)
        value = value * 10 + static_cast<size_t>(Peek(ahead++) - '0');
      return ahead == begin ? std::nullopt : std::optional(value);
    };
    const auto least = number();
    if (!least) return std::nullopt;
    Count count{.least = *least, .most = *least};
    if (Peek(ahead) == ',') {
      ++ahead;
      count.most = number();
    }
    if (Peek(ahead) != '}') return std::nullopt;
    text_.Skip(ahead + 1);
    return count;
  }

  std::optional<Count> Repetition() {
    if (End()) return std::nullopt;
    const char c = Peek();
    if (c == '{') return Braces();
    if (c != '*' && c != '+' && c != '?') return std::nullopt;
    text_.Skip();
    if (c == '?') return Count{.least = 0, .most = 1};
    return Count{.least = c == '+' ? size_t{1} : 0, .most = std::nullopt};
  }

  // To Vectorscan a long repetition is one without an end: its automata have a state for each step.
  void WriteRepetition(const Count& count, size_t limit) {
    const size_t least = std::min(count.least, limit);
    const bool endless = !count.most || *count.most > limit;
    out_ += "{" + std::to_string(least);
    if (endless) {
      out_ += ",";
    } else if (*count.most != least) {
      out_ += "," + std::to_string(*count.most);
    }
    out_ += "}";
  }

  Part Repeated(int depth) {
    Part part = Atom(depth);
    while (good_) {
      const auto count = Repetition();
      if (!count) break;
      if (Peek() == '?' && !End())
        text_.Skip();  // lazy: which match is preferred doesn't matter to where one can end
      WriteRepetition(*count, (part.all & BeyondAscii()).any() ? kMostCharacters : kMostSteps);
      if (count->most) {
        part.fixed = Times(part.fixed, *count->most);
      } else {
        part.run |= part.all;
        part.fixed = 0;
      }
      const bool is_exact = part.exact && count->most == count->least;
      if (part.exact) part.literal = Times(*part.exact, count->least);
      part.exact = is_exact ? std::optional(part.literal) : std::nullopt;
      part.kind =
          count->least == 0 || part.kind == Part::Kind::kOptional ? Part::Kind::kOptional : Part::Kind::kText;
      if (count->least == 0) part.literal = 0;
    }
    return part;
  }

  Part Atom(int depth) {
    const char c = Peek();
    switch (c) {
      case '(': return Group(depth);
      case '[': return Class();
      case '\\': return Escape();
      case '*':
      case '+':
      case '?': return Fail();
      case '^':
      case '$':
        text_.Skip();
        out_ += c;
        return Assertion();
      case '.': {
        text_.Skip();
        out_ += '.';
        beyond_ascii_ = true;
        return OfClass(dot_takes_newline_ ? ~ByteSet() : ~Range('\n', '\n'), true);
      }
      default: return Literal();
    }
  }

  static Part Assertion() {
    Part part;
    part.kind = Part::Kind::kAssertion;
    return part;
  }

  Part Literal() {
    const char c = Peek();
    if (static_cast<unsigned char>(c) >= 0x80) {
      // Case beyond ASCII is for RE2 alone to know.
      if (folds_) return Fail();
      beyond_ascii_ = true;
      do {
        out_ += Peek();
        text_.Skip();
      } while (!End() && (static_cast<unsigned char>(Peek()) & 0xc0) == 0x80);
      return OfClass(BeyondAscii(), true);
    }
    if (c == '{' || c == '}' || c == ']') out_ += '\\';
    out_ += c;
    text_.Skip();
    return OfClass(Folded(Range(static_cast<unsigned char>(c), static_cast<unsigned char>(c))), false);
  }

  // After "(?": flags until ":" or ")".
  Part Flags(int depth) {
    bool off = false, folds = folds_, dot = dot_takes_newline_;
    std::string kept = "(?";
    for (; !End() && Peek() != ':' && Peek() != ')'; text_.Skip()) {
      switch (Peek()) {
        case '-': off = true; break;
        case 'i': folds = !off; break;
        case 's': dot = !off; break;
        case 'm': break;
        case 'U': continue;  // which match is preferred: not said to Vectorscan
        default: return Fail();
      }
      kept += Peek();
    }
    if (End()) return Fail();
    const bool is_group = Peek() == ':';
    text_.Skip();
    if (!is_group) {
      folds_ = folds;
      dot_takes_newline_ = dot;
      if (kept.back() != '?' && kept.back() != '-') out_ += kept + ")";
      Part flags;
      flags.kind = Part::Kind::kFlags;
      return flags;
    }
    if (kept.back() == '-') kept.pop_back();
    out_ += kept + ":";
    return Inside(depth, folds, dot);
  }

  // A group's inside and its end. Flags that it sets end with it.
  Part Inside(int depth, bool folds, bool dot) {
    const bool outer_folds = folds_, outer_dot = dot_takes_newline_;
    folds_ = folds;
    dot_takes_newline_ = dot;
    const Part part = Alternatives(depth + 1);
    folds_ = outer_folds;
    dot_takes_newline_ = outer_dot;
    if (!good_ || End() || Peek() != ')') return Fail();
    text_.Skip();
    out_ += ')';
    return part;
  }

  Part Group(int depth) {
    text_.Skip();
    if (Peek() != '?' || End()) {
      out_ += '(';
      return Inside(depth, folds_, dot_takes_newline_);
    }
    text_.Skip();
    if (Peek() != 'P') return Flags(depth);
    const size_t end = text_.text().find('>', text_.at());
    if (Peek(1) != '<' || end == std::string_view::npos) return Fail();
    text_.GoTo(end + 1);
    out_ += '(';
    return Inside(depth, folds_, dot_takes_newline_);
  }

  Part Escape() {
    const size_t begin = text_.at();
    text_.Skip();
    const char c = Peek();
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z') {
      text_.Skip();
      out_ += text_.Since(begin);
      return Assertion();
    }
    if (c == 'Q') return Quoted();
    if (const auto set = PerlClass(c)) {
      text_.Skip();
      // Vectorscan's \s takes the vertical tab and RE2's doesn't.
      out_ += c == 'S' ? std::string_view("[^\\t\\n\\f\\r ]") : text_.Since(begin);
      const bool wide = (*set & BeyondAscii()).any();
      beyond_ascii_ |= wide;
      return OfClass(*set, wide);
    }
    if (c == 'p' || c == 'P') {
      if (!text_.SkipUnicodeClass()) return Fail();
      out_ += text_.Since(begin);
      beyond_ascii_ = true;
      return OfClass(~ByteSet(), true);
    }
    const auto character = text_.EscapedCharacter();
    if (!character) return Fail();
    if (*character >= 0x80) {
      if (folds_) return Fail();
      beyond_ascii_ = true;
      out_ += text_.Since(begin);
      return OfClass(BeyondAscii(), true);
    }
    out_ += text_.Since(begin);
    return OfClass(Folded(Range(*character, *character)), false);
  }

  // \Q…\E
  Part Quoted() {
    text_.Skip();
    const std::string_view text = text_.text();
    const size_t end = std::min(text.find("\\E", text_.at()), text.size());
    Part whole;
    for (; text_.at() < end; text_.Skip()) {
      const unsigned char c = static_cast<unsigned char>(Peek());
      if (c >= 0x80) return Fail();
      if (!IsLetter(static_cast<char>(c)) && !IsDigit(static_cast<char>(c))) out_ += '\\';
      out_ += static_cast<char>(c);
      whole.all |= Folded(Range(c, c));
      ++whole.fixed;
    }
    text_.GoTo(std::min(end + 2, text.size()));
    whole.exact.reset();  // a repetition behind it is of its last character alone
    whole.literal = 0;
    return Peek() == '*' || Peek() == '+' || Peek() == '?' || Peek() == '{' ? Fail() : whole;
  }

  Part Class() {
    auto read = text_.Class();
    // Case beyond ASCII is for RE2 alone to know.
    if (!read || (read->has_foreign && folds_)) return Fail();
    const bool wide = read->wide || read->has_foreign;
    out_ += read->negated ? "[^" : "[";
    out_ += read->written + "]";
    beyond_ascii_ |= wide;
    ByteSet set = Folded(read->set);
    // A letter whose other case is in it may still be taken where case counts.
    if (read->negated) set = ~set | Range('a', 'z') | Range('A', 'Z');
    if (wide) set |= BeyondAscii();
    return OfClass(set, wide);
  }

  ExpressionCursor text_;
  bool good_ = true;
  bool folds_ = false;
  bool dot_takes_newline_ = false;
  bool beyond_ascii_ = false;
  std::string out_;
};

}  // namespace

Pattern Analyse(std::string_view regex) { return Reader(regex).Read(); }

}  // namespace postern::secrets
