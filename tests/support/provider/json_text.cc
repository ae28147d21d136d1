#include "tests/support/provider/json_text.h"

#include <algorithm>
#include <array>
#include <random>

namespace postern::provider {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

std::string Escape(unsigned char c) { return {'\\', 'u', '0', '0', kHexDigits[c >> 4], kHexDigits[c & 15]}; }

class OddSpeller {
 public:
  OddSpeller(uint64_t seed, Lines lines)
      : random_(static_cast<std::minstd_rand::result_type>(seed * 2 + 1)), lines_(lines) {}

  std::string Spell(std::string_view json) {
    bool in_string = false;
    for (size_t i = 0; i < json.size(); ++i) {
      const char c = json[i];
      if (in_string) {
        i += SpellInString(json.substr(i));
        in_string = c != '"';
        continue;
      }
      if (c == '"') in_string = true;
      const bool structural = std::string_view("{}[]:,").find(c) != std::string_view::npos;
      if (structural) Space();
      out_ += c;
      if (structural) Space();
      if (c == '{') AddMembers(json.substr(i + 1).starts_with('}'));
    }
    return std::move(out_);
  }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() >> 8) % limit; }

  // Copies one character or escape; returns how many bytes beyond the first that was.
  size_t SpellInString(std::string_view rest) {
    const char c = rest[0];
    if (c == '\\') {
      const size_t length = rest[1] == 'u' ? 6 : 2;
      out_ += rest.substr(0, length);
      return length - 1;
    }
    const bool plain = c != '"' && static_cast<unsigned char>(c) < 128;
    if (plain && Below(8) == 0) {
      out_ += c == '/' ? "\\/" : Escape(static_cast<unsigned char>(c));
    } else {
      out_ += c;
    }
    return 0;
  }

  void Space() {
    static constexpr std::array<std::string_view, 4> kSpaces = {" ", "\t", "  ", "\r\n"};
    const uint32_t choice = Below(12);
    if (choice < 3 || (choice == 3 && lines_ == Lines::kMany)) out_ += kSpaces[choice];
  }

  void AddMembers(bool last) {
    static constexpr std::array<std::string_view, 4> kMembers = {
        R"("odd":1.0,"odd":1e3)", R"("odd":-0,"\u006fdd":12345678901234567890)", R"("" :[ ],"":{})",
        R"("\ud83d\ude00":"\u2028","odd":null)"};
    if (Below(3) != 0) return;
    out_ += kMembers[Below(kMembers.size())];
    if (!last) out_ += ',';
  }

  std::minstd_rand random_;
  const Lines lines_;
  std::string out_;
};

}  // namespace

std::string Quote(std::string_view text) {
  const auto needs_escape = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  };
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  while (!text.empty()) {
    // Most text is plain, and may be megabytes of it.
    const auto special = std::find_if(text.begin(), text.end(), needs_escape);
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<size_t>(special - text.begin()));
    if (text.empty()) break;
    switch (const char c = text.front()) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out += Escape(static_cast<unsigned char>(c));
    }
    text.remove_prefix(1);
  }
  out += '"';
  return out;
}

std::string SpellOddly(std::string_view json, uint64_t seed, Lines lines) {
  return OddSpeller(seed, lines).Spell(json);
}

}  // namespace postern::provider
