#include "shared/secrets/pattern.h"

#include <algorithm>
#include <optional>

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
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

const ByteSet& Beyond() {
  static const ByteSet set = [] {
    ByteSet bytes;
    for (size_t b = 0x80; b < 256; ++b) bytes.set(b);
    return bytes;
  }();
  return set;
}

ByteSet Range(unsigned from, unsigned to) {
  ByteSet set;
  for (unsigned b = from; b <= to && b < 256; ++b) set.set(b);
  return set;
}

ByteSet Word() { return Range('a', 'z') | Range('A', 'Z') | Range('0', '9') | Range('_', '_'); }
ByteSet Space() { return Range('\t', '\n') | Range('\f', '\r') | Range(' ', ' '); }

// \d \w \s and their opposites.
std::optional<ByteSet> PerlClass(char c) {
  switch (c) {
    case 'd': return Range('0', '9');
    case 'w': return Word();
    case 's': return Space();
    case 'D': return ~Range('0', '9');
    case 'W': return ~Word();
    case 'S': return ~Space();
    default: return std::nullopt;
  }
}

std::optional<ByteSet> PosixClass(std::string_view name) {
  const ByteSet lower = Range('a', 'z'), upper = Range('A', 'Z'), digit = Range('0', '9');
  const ByteSet alnum = lower | upper | digit, graph = Range('!', '~');
  if (name == "alnum") return alnum;
  if (name == "alpha") return lower | upper;
  if (name == "ascii") return Range(0, 127);
  if (name == "blank") return Range('\t', '\t') | Range(' ', ' ');
  if (name == "cntrl") return Range(0, 31) | Range(127, 127);
  if (name == "digit") return digit;
  if (name == "graph") return graph;
  if (name == "lower") return lower;
  if (name == "print") return graph | Range(' ', ' ');
  if (name == "punct") return graph & ~alnum;
  if (name == "space") return Space() | Range('\v', '\v');
  if (name == "upper") return upper;
  if (name == "word") return Word();
  if (name == "xdigit") return digit | Range('a', 'f') | Range('A', 'F');
  return std::nullopt;
}

// Both cases of every letter: whether (?i) holds doesn't matter to what errs to the safe side.
ByteSet Folded(ByteSet set) {
  for (unsigned b = 'a'; b <= 'z'; ++b) {
    if (set[b] || set[b - 32]) {
      set.set(b);
      set.set(b - 32);
    }
  }
  return set;
}

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
    if (!good_ || at_ != text_.size()) return pattern;
    pattern.understood = true;
    pattern.run = whole.run;
    pattern.fixed_bytes = whole.fixed;
    pattern.literal = whole.literal;
    pattern.beyond_ascii = beyond_ascii_;
    pattern.for_vectorscan = std::move(out_);
    return pattern;
  }

 private:
  bool End() const { return at_ >= text_.size(); }
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Part Fail() {
    good_ = false;
    return {};
  }

  Part Alternatives(int depth) {
    if (depth > kDeepest) return Fail();
    Part part = Sequence(depth);
    while (good_ && Peek() == '|' && !End()) {
      ++at_;
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
    size_t at = at_ + 1;
    const auto number = [&]() -> std::optional<size_t> {
      size_t value = 0;
      const size_t begin = at;
      while (at < text_.size() && IsDigit(text_[at]) && at - begin < 5)
        value = value * 10 + static_cast<size_t>(text_[at++] - '0');
      return at == begin ? std::nullopt : std::optional(value);
    };
    const auto least = number();
    if (!least) return std::nullopt;
    Count count{.least = *least, .most = *least};
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      count.most = number();
    }
    if (at >= text_.size() || text_[at] != '}') return std::nullopt;
    at_ = at + 1;
    return count;
  }

  std::optional<Count> Repetition() {
    if (End()) return std::nullopt;
    const char c = Peek();
    if (c == '{') return Braces();
    if (c != '*' && c != '+' && c != '?') return std::nullopt;
    ++at_;
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
        ++at_;  // lazy: which match is preferred doesn't matter to where one can end
      WriteRepetition(*count, (part.all & Beyond()).any() ? kMostCharacters : kMostSteps);
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
        ++at_;
        out_ += c;
        return Assertion();
      case '.': {
        ++at_;
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
        ++at_;
      } while (!End() && (static_cast<unsigned char>(Peek()) & 0xc0) == 0x80);
      return OfClass(Beyond(), true);
    }
    if (c == '{' || c == '}' || c == ']') out_ += '\\';
    out_ += c;
    ++at_;
    return OfClass(Folded(Range(static_cast<unsigned char>(c), static_cast<unsigned char>(c))), false);
  }

  // After "(?": flags until ":" or ")".
  Part Flags(int depth) {
    bool off = false, folds = folds_, dot = dot_takes_newline_;
    std::string kept = "(?";
    for (; !End() && Peek() != ':' && Peek() != ')'; ++at_) {
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
    ++at_;
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
    ++at_;
    out_ += ')';
    return part;
  }

  Part Group(int depth) {
    ++at_;
    if (Peek() != '?' || End()) {
      out_ += '(';
      return Inside(depth, folds_, dot_takes_newline_);
    }
    ++at_;
    if (Peek() != 'P') return Flags(depth);
    const size_t end = text_.find('>', at_);
    if (Peek(1) != '<' || end == std::string_view::npos) return Fail();
    at_ = end + 1;
    out_ += '(';
    return Inside(depth, folds_, dot_takes_newline_);
  }

  // After a backslash, a character by its number or letter; nothing for what is no single character.
  std::optional<unsigned> EscapedCharacter() {
    const char c = Peek();
    ++at_;
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'f': return '\f';
      case 'v': return '\v';
      case 'a': return 7;
      case 'x': return HexCharacter();
      default: break;
    }
    if (IsDigit(c) || IsLetter(c) || static_cast<unsigned char>(c) >= 0x80 || c == '\0') return std::nullopt;
    return static_cast<unsigned char>(c);
  }

  std::optional<unsigned> HexCharacter() {
    std::string_view digits;
    if (Peek() == '{') {
      const size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) return std::nullopt;
      digits = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else {
      digits = text_.substr(at_, 2);
      at_ += digits.size();
    }
    if (digits.empty() || digits.size() > 6 || !std::all_of(digits.begin(), digits.end(), IsHex))
      return std::nullopt;
    return static_cast<unsigned>(std::stoul(std::string(digits), nullptr, 16));
  }

  Part Escape() {
    const size_t begin = at_++;
    const char c = Peek();
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z') {
      ++at_;
      out_ += text_.substr(begin, 2);
      return Assertion();
    }
    if (c == 'Q') return Quoted();
    if (const auto set = PerlClass(c)) {
      ++at_;
      // Vectorscan's \s takes the vertical tab and RE2's doesn't.
      out_ += c == 'S' ? std::string_view("[^\\t\\n\\f\\r ]") : text_.substr(begin, 2);
      const bool wide = (*set & Beyond()).any();
      beyond_ascii_ |= wide;
      return OfClass(*set, wide);
    }
    if (c == 'p' || c == 'P') {
      if (!SkipUnicodeClass()) return Fail();
      out_ += text_.substr(begin, at_ - begin);
      beyond_ascii_ = true;
      return OfClass(~ByteSet(), true);
    }
    const auto character = EscapedCharacter();
    if (!character) return Fail();
    if (*character >= 0x80) {
      if (folds_) return Fail();
      beyond_ascii_ = true;
      out_ += text_.substr(begin, at_ - begin);
      return OfClass(Beyond(), true);
    }
    out_ += text_.substr(begin, at_ - begin);
    return OfClass(Folded(Range(*character, *character)), false);
  }

  bool SkipUnicodeClass() {
    if (Peek(1) == '{') {
      const size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) return false;
      at_ = end + 1;
      return true;
    }
    if (!IsLetter(Peek(1))) return false;
    at_ += 2;
    return true;
  }

  // \Q…\E
  Part Quoted() {
    ++at_;
    const size_t end = std::min(text_.find("\\E", at_), text_.size());
    Part whole;
    for (; at_ < end; ++at_) {
      const unsigned char c = static_cast<unsigned char>(text_[at_]);
      if (c >= 0x80) return Fail();
      if (!IsLetter(static_cast<char>(c)) && !IsDigit(static_cast<char>(c))) out_ += '\\';
      out_ += static_cast<char>(c);
      whole.all |= Folded(Range(c, c));
      ++whole.fixed;
    }
    at_ = std::min(end + 2, text_.size());
    whole.exact.reset();  // a repetition behind it is of its last character alone
    whole.literal = 0;
    return Peek() == '*' || Peek() == '+' || Peek() == '?' || Peek() == '{' ? Fail() : whole;
  }

  Part Class() {
    ++at_;
    std::string written;
    bool negated = false;
    if (Peek() == '^') {
      negated = true;
      ++at_;
    }
    ByteSet set;
    bool wide = negated, first = true;
    while (true) {
      if (End()) return Fail();
      if (Peek() == ']' && !first) break;
      first = false;
      if (!ClassItem(set, wide, written)) return Fail();
    }
    ++at_;
    out_ += negated ? "[^" : "[";
    out_ += written + "]";
    beyond_ascii_ |= wide;
    set = Folded(set);
    // A letter whose other case is in it may still be taken where case counts.
    if (negated) set = ~set | Range('a', 'z') | Range('A', 'Z');
    if (wide) set |= Beyond();
    return OfClass(set, wide);
  }

  bool ClassItem(ByteSet& set, bool& wide, std::string& written) {
    const size_t begin = at_;
    if (Peek() == '[' && Peek(1) == ':') {
      const size_t end = text_.find(":]", at_);
      if (end == std::string_view::npos) return false;
      std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
      const bool opposite = name.starts_with('^');
      if (opposite) name.remove_prefix(1);
      const auto named = PosixClass(name);
      if (!named) return false;
      at_ = end + 2;
      set |= opposite ? ~*named : *named;
      wide |= opposite;
      written += text_.substr(begin, at_ - begin);
      return true;
    }
    if (Peek() == '\\') {
      const char c = Peek(1);
      if (const auto perl = PerlClass(c)) {
        at_ += 2;
        set |= *perl;
        wide |= (*perl & Beyond()).any();
        written += c == 's' ? "\\t\\n\\f\\r " : c == 'S' ? "\\S\\x0b" : std::string("\\") + c;
        return true;
      }
      if (c == 'p' || c == 'P') {
        ++at_;
        if (!SkipUnicodeClass()) return false;
        set = ~ByteSet();
        wide = true;
        written += text_.substr(begin, at_ - begin);
        return true;
      }
    }
    const auto from = ClassCharacter();
    if (!from) return false;
    auto to = from;
    if (Peek() == '-' && Peek(1) != ']' && at_ + 1 < text_.size()) {
      ++at_;
      to = ClassCharacter();
      if (!to || *to < *from) return false;
    }
    set |= Range(*from, std::min(*to, 127u));
    if (*to >= 0x80) {
      wide = true;
      if (folds_) return false;
    }
    // A bare "[" or "-" is written so that it can't begin something.
    if (text_[begin] == '[' || text_[begin] == ']') written += '\\';
    written += text_.substr(begin, at_ - begin);
    return true;
  }

  std::optional<unsigned> ClassCharacter() {
    const char c = Peek();
    if (End()) return std::nullopt;
    if (c == '\\') {
      ++at_;
      return EscapedCharacter();
    }
    if (static_cast<unsigned char>(c) < 0x80) {
      ++at_;
      return static_cast<unsigned char>(c);
    }
    ++at_;
    while (!End() && (static_cast<unsigned char>(Peek()) & 0xc0) == 0x80) ++at_;
    return 0x80;  // some character beyond ASCII: which one is no matter
  }

  std::string_view text_;
  size_t at_ = 0;
  bool good_ = true;
  bool folds_ = false;
  bool dot_takes_newline_ = false;
  bool beyond_ascii_ = false;
  std::string out_;
};

}  // namespace

Pattern Analyse(std::string_view regex) { return Reader(regex).Read(); }

}  // namespace postern::secrets
