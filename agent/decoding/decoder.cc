#include "agent/decoding/decoder.h"

#include <string>
#include <utility>

#include "agent/decoding/encodings.h"

namespace postern::decoding {
namespace {

// Gives back what it gets.
class Identity : public Encoding {
 public:
  Step Decode(std::string_view& input) override {
    const std::string_view piece = input.substr(0, kPiece);
    input.remove_prefix(piece.size());
    return {piece};
  }
};

std::string Normalised(std::string_view header) {
  const auto space = [](char c) { return c == ' ' || c == '\t'; };
  while (!header.empty() && space(header.front())) header.remove_prefix(1);
  while (!header.empty() && space(header.back())) header.remove_suffix(1);
  std::string name(header);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return name;
}

std::unique_ptr<Encoding> MakeEncoding(const std::string& name) {
  if (name.empty() || name == "identity") return std::make_unique<Identity>();
  if (name == "gzip" || name == "x-gzip") return MakeGzip();
  if (name == "deflate") return MakeDeflate();
  if (name == "br") return MakeBrotli();
  if (name == "zstd") return MakeZstd();
  return nullptr;
}

}  // namespace

Result<Decoder> Decoder::Make(std::string_view content_encoding, uint64_t most_output) {
  auto encoding = MakeEncoding(Normalised(content_encoding));
  if (!encoding)
    return Error{ErrorCode::kNotFound, "the answer's Content-Encoding is not one that can be read"};
  return Decoder(std::move(encoding), most_output);
}

Decoder::Decoder(std::unique_ptr<Encoding> encoding, uint64_t most_output)
    : encoding_(std::move(encoding)), room_(most_output) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Status Decoder::Decode(std::string_view bytes, const std::function<void(std::string_view)>& take) {
  while (!failure_) {
    if (ended_ && (bytes.empty() || !encoding_->Resume(bytes))) return Ok{};
    const size_t before = bytes.size();
    const Step step = encoding_->Decode(bytes);
    ended_ = step.ended;
    if (step.piece.size() > room_) {
      failure_ = Error{ErrorCode::kExhausted, "the answer unpacks to more than the bound"};
      break;
    }
    if (!step.piece.empty()) {
      room_ -= step.piece.size();
      take(step.piece);
    }
    if (step.corrupt) {
      failure_ = Error{ErrorCode::kCorrupt, "the answer is not what its Content-Encoding says"};
    } else if (!step.piece.empty()) {
      continue;
    } else if (bytes.empty()) {
      return Ok{};
    } else if (bytes.size() == before && !ended_) {
      failure_ = Error{ErrorCode::kCorrupt, "the answer can't be decoded further"};
    }
  }
  return *failure_;
}

}  // namespace postern::decoding
