#include "collector/cli/scan_text.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <string_view>
#include <utility>

#include "shared/base/check.h"

namespace postern::cli {
namespace {

using namespace std::string_view_literals;

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

enum class Following { kMore, kNothing };

// Whole characters of UTF-16 at the front of `bytes` become UTF-8, and are taken off; half a character that
// stands alone becomes U+FFFD. At the end of the text nothing is left.
void MoveUtf16(std::string& bytes, size_t high_byte, Following following, std::string& text) {
  const bool at_end = following == Following::kNothing;
  const auto unit = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + high_byte])) << 8 |
           static_cast<unsigned char>(bytes[at + 1 - high_byte]);
  };
  size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) {
    uint32_t character = unit(at);
    const bool is_high = character >= 0xd800 && character < 0xdc00;
    if (is_high && at + 3 >= bytes.size() && !at_end) break;
    const uint32_t next = is_high && at + 3 < bytes.size() ? unit(at + 2) : 0;
    if (next >= 0xdc00 && next < 0xe000) {
      character = 0x10000 + ((character - 0xd800) << 10) + (next - 0xdc00);
      at += 2;
    } else if (character >= 0xd800 && character < 0xe000) {
      character = 0xfffd;
    }
    AppendUtf8(text, character);
  }
  bytes.erase(0, at_end ? bytes.size() : at);
}

}  // namespace

size_t CharactersIn(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

Result<TextPieces> TextPieces::Open(const std::string& file, std::istream& in, PieceSizes sizes) {
  if (file == "-") return TextPieces("standard input", std::ifstream(), &in, sizes);
  std::error_code error;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file, error))
    return Error{ErrorCode::kNotFound, file + " can't be read"};
  return TextPieces(file, std::move(stream), nullptr, sizes);
}

TextPieces::TextPieces(std::string name, std::ifstream file, std::istream* in, PieceSizes sizes)
    : name_(std::move(name)), file_(std::move(file)), in_(in), sizes_(sizes) {
  CHECK(sizes_.shared < sizes_.piece / 2);
}

Result<std::optional<Piece>> TextPieces::Next() {
  if (ended_) return std::optional<Piece>();
  if (began_) {
    DropFront(text_.size() - sizes_.shared);
    piece_.begin = sizes_.shared - sizes_.shared / 2;
  }
  began_ = true;
  while (!ended_ && text_.size() < sizes_.piece) RETURN_IF_ERROR(ReadMore());
  piece_.text = text_;
  piece_.end = ended_ ? std::numeric_limits<size_t>::max() : text_.size() - sizes_.shared / 2;
  return std::optional<Piece>(piece_);
}

Status TextPieces::ReadMore() {
  std::istream& in = in_ == nullptr ? file_ : *in_;
  std::string bytes(std::clamp(text_.size(), std::min(kLeastRead, sizes_.piece), kMostRead), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  ended_ = !in || in.peek() == std::istream::traits_type::eof();
  if (in.bad()) return Error{ErrorCode::kNotFound, name_ + " can't be read"};
  bytes_read_ += bytes.size();
  TakeUp(bytes);
  return Ok{};
}

void TextPieces::TakeUp(std::string_view bytes) {
  if (coding_ == Coding::kUnknown) {
    coding_ = bytes.starts_with("\xff\xfe"sv)   ? Coding::kUtf16Little
              : bytes.starts_with("\xfe\xff"sv) ? Coding::kUtf16Big
              : IsText(bytes)                   ? Coding::kText
                                                : Coding::kNoText;
    if (coding_ == Coding::kUtf16Little || coding_ == Coding::kUtf16Big) bytes.remove_prefix(2);
  }
  switch (coding_) {
    case Coding::kUtf16Little:
    case Coding::kUtf16Big:
      rest_ += bytes;
      MoveUtf16(rest_, coding_ == Coding::kUtf16Little ? 1 : 0,
                ended_ ? Following::kNothing : Following::kMore, text_);
      break;
    case Coding::kNoText: ended_ = true; break;
    default: text_ += bytes;
  }
}

void TextPieces::DropFront(size_t count) {
  const std::string_view front = std::string_view(text_).substr(0, count);
  const size_t newline = front.rfind('\n');
  if (newline != std::string_view::npos) {
    piece_.lines += static_cast<size_t>(std::count(front.begin(), front.end(), '\n'));
    piece_.bytes = piece_.characters = 0;
  }
  const std::string_view line = front.substr(newline == std::string_view::npos ? 0 : newline + 1);
  piece_.bytes += line.size();
  piece_.characters += CharactersIn(line);
  text_.erase(0, count);
}

}  // namespace postern::cli
