#include "collector/cli/scan_text.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <string_view>

namespace postern::cli {
namespace {

using namespace std::string_view_literals;

constexpr size_t kMostBytes = 1 << 30;                         // of one file
constexpr size_t kLeastRead = 64 << 10, kMostRead = 16 << 20;  // at a time
constexpr size_t kLookedAt = 8'000;  // a file with no zero byte in so many is text, as for git

// How files begin that hold no text.
constexpr std::string_view kBeginnings[] = {
    // programs and what they are made of
    "\x7f"
    "ELF"sv,
    "MZ"sv, "\xcf\xfa\xed\xfe"sv, "\xca\xfe\xba\xbe"sv, "\0asm"sv, "!<arch>\n"sv,
    // archives
    "PK\x03\x04"sv, "\x1f\x8b"sv, "BZh"sv,
    "\xfd"
    "7zXZ"sv,
    "\x28\xb5\x2f\xfd"sv, "7z\xbc\xaf"sv, "Rar!"sv, "PACK"sv,
    // pictures, sounds, fonts, pages
    "\x89PNG"sv, "\xff\xd8\xff"sv, "GIF8"sv, "RIFF"sv, "OggS"sv, "ID3"sv, "fLaC"sv, "wOFF"sv, "wOF2"sv,
    "\0\x01\0\0"sv, "OTTO"sv, "%PDF-"sv};

bool IsText(std::string_view bytes) {
  if (bytes.substr(0, kLookedAt).find('\0') == std::string_view::npos) return true;
  return std::none_of(std::begin(kBeginnings), std::end(kBeginnings),
                      [&](std::string_view beginning) { return bytes.starts_with(beginning); });
}

void AppendUtf8(std::string& text, uint32_t character) {
  const auto following = [&](int shift) { text += static_cast<char>(0x80 | ((character >> shift) & 0x3f)); };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xc0 | (character >> 6));
    following(0);
  } else if (character < 0x10000) {
    text += static_cast<char>(0xe0 | (character >> 12));
    following(6), following(0);
  } else {
    text += static_cast<char>(0xf0 | (character >> 18));
    following(12), following(6), following(0);
  }
}

// Half a character that stands alone becomes U+FFFD.
std::string FromUtf16(std::string_view bytes, size_t high_byte) {
  const auto unit = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + high_byte])) << 8 |
           static_cast<unsigned char>(bytes[at + 1 - high_byte]);
  };
  std::string text;
  text.reserve(bytes.size() / 2);
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) {
    uint32_t character = unit(at);
    const bool is_high = character >= 0xd800 && character < 0xdc00;
    const uint32_t next = is_high && at + 3 < bytes.size() ? unit(at + 2) : 0;
    if (next >= 0xdc00 && next < 0xe000) {
      character = 0x10000 + ((character - 0xd800) << 10) + (next - 0xdc00);
      at += 2;
    } else if (character >= 0xd800 && character < 0xe000) {
      character = 0xfffd;
    }
    AppendUtf8(text, character);
  }
  return text;
}

Result<std::string> AllOf(std::istream& in, const std::string& name) {
  std::string text;
  while (in) {
    const size_t had = text.size();
    if (had > kMostBytes) return Error{ErrorCode::kInvalid, name + " is larger than 1 GB"};
    text.resize(had + std::clamp(had, kLeastRead, kMostRead));
    in.read(text.data() + had, static_cast<std::streamsize>(text.size() - had));
    text.resize(had + static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  }
  if (in.bad()) return Error{ErrorCode::kNotFound, name + " can't be read"};
  return text;
}

}  // namespace

Result<std::string> BytesOf(const std::string& file, std::istream& in) {
  if (file == "-") return AllOf(in, "standard input");
  std::error_code error;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file, error))
    return Error{ErrorCode::kNotFound, file + " can't be read"};
  return AllOf(stream, file);
}

std::string TextIn(std::string bytes) {
  const std::string_view view = bytes;
  if (view.starts_with("\xff\xfe"sv)) return FromUtf16(view.substr(2), 1);
  if (view.starts_with("\xfe\xff"sv)) return FromUtf16(view.substr(2), 0);
  return IsText(view) ? std::move(bytes) : std::string();
}

}  // namespace postern::cli
