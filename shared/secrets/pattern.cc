#include "shared/secrets/pattern.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "shared/secrets/expression_cursor.h"
#include "shared/secrets/pattern_part.h"

namespace postern::secrets {
namespace {

constexpr int kDeepest = 200;
constexpr size_t kBytesOfCharacter = 4;
constexpr size_t kMostSteps = 150;      // of one repetition, for Vectorscan
constexpr size_t kMostCharacters = 32;  // where each may be beyond ASCII, which takes many states

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

using Part = PatternPart;

enum class Edges { kWritten, kLeftOut };

Part OfClass(const ByteSet& set, bool counts_characters) {
  return Part::OfClass(set, counts_characters ? kBytesOfCharacter : 1);
}

// A reader of RE2's syntax by recursive descent. Where it doesn't understand, it stops.
class Reader {
 public:
  Reader(std::string_view text, Edges edges) : text_(text), edges_(edges) {}

  Pattern Read() {
    Pattern pattern;
    const Part whole = Alternatives(0);
    if (!good_ || !End()) return pattern;
    pattern.understood = true;
    pattern.run = whole.run;
    pattern.fixed_bytes = whole.fixed;
    pattern.literal = whole.literal;
    pattern.beyond_ascii = beyond_ascii_;
    pattern.edges = whole.edge;
    pattern.for_vectorscan = std::move(out_);
    return pattern;
  }

 private:
  bool End() const { return text_.End(); }
  char Peek(size_t ahead = 0) const { return text_.Peek(ahead); }
  Part Fail() { return good_ = false, Part(); }

  Part Alternatives(int depth) {
    if (depth > kDeepest) return Fail();
    std::vector<Part> parts = {Sequence(depth)};
    while (good_ && Peek() == '|' && !End()) {
      text_.Skip();
      out_ += '|';
      parts.push_back(Sequence(depth));
    }
    return Either(parts);
  }

  Part Sequence(int depth) {
    PartSequence whole;
    bool at_beginning = depth == 0;
    while (good_ && !End() && Peek() != '|' && Peek() != ')') {
      const size_t written = out_.size();
      const Part part = RepeatedAtom(depth);
      // What may be left out at the beginning has no say in where matches can end.
      if (at_beginning && part.kind == Part::Kind::kOptional) out_.resize(written);
      at_beginning &= part.kind == Part::Kind::kOptional || part.kind == Part::Kind::kFlags;
      whole.Add(part);
    }
    return whole.Whole();
  }

  // To Vectorscan a long repetition is one without an end: its automata have a state for each step.
  void WriteRepetition(const Repetition& count, size_t limit) {
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

  Part RepeatedAtom(int depth) {
    Part part = Atom(depth);
    while (good_) {
      const auto times = text_.Times();
      if (!times) break;
      if (Peek() == '?' && !End())
        text_.Skip();  // lazy: which match is preferred doesn't matter to where one can end
      WriteRepetition(*times, (part.all & BeyondAscii()).any() ? kMostCharacters : kMostSteps);
      part = Repeated(std::move(part), *times);
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
      case '$': text_.Skip(); return Edge(std::string_view(&c, 1));
      case '.': {
        text_.Skip();
        out_ += '.';
        beyond_ascii_ = true;
        return OfClass(dot_takes_newline_ ? ~ByteSet() : ~Range('\n', '\n'), true);
      }
      default: return Literal();
    }
  }

  Part Edge(std::string_view written) {
    if (edges_ == Edges::kWritten) out_ += written;
    return Part::Edge();
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
    if (Peek() == 'P') text_.Skip();
    if (Peek() != '<') return Flags(depth);
    const size_t end = text_.text().find('>', text_.at());
    if (end == std::string_view::npos) return Fail();
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
      if (c == 'A' || c == 'z') return Edge(text_.Since(begin));
      out_ += text_.Since(begin);
      return Part::Assertion();
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
  const Edges edges_;
  bool good_ = true;
  bool folds_ = false;
  bool dot_takes_newline_ = false;
  bool beyond_ascii_ = false;
  std::string out_;
};

}  // namespace

Pattern Analyse(std::string_view regex) {
  Pattern pattern = Reader(regex, Edges::kWritten).Read();
  if (pattern.understood && pattern.edges) pattern = Reader(regex, Edges::kLeftOut).Read();
  return pattern;
}

}  // namespace postern::secrets
