#include "shared/secrets/first_stage.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include <hs/hs.h>

#include "shared/base/check.h"
#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"

namespace postern::secrets {
namespace {

// Ends no farther apart than this are looked at together.
constexpr size_t kApart = 64;
// Keywords are reported under the last numbers: what they call for, from this one on.
constexpr unsigned kFirstCall = std::numeric_limits<unsigned>::max() - (Calls().size() - 1);
constexpr std::string_view kMagic = "postern-rules-2\n";

std::string Escaped(std::string_view literal) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : literal) {
    const auto b = static_cast<unsigned char>(c);
    out += "\\x";
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

unsigned FlagsOf(const StageEntry& entry) { return entry.beyond_ascii ? HS_FLAG_UTF8 : 0; }

// The expressions of one database as Vectorscan wants them.
struct Expressions {
  std::vector<std::string> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;

  void Add(std::string text, unsigned flag, unsigned id) {
    texts.push_back(std::move(text));
    flags.push_back(flag);
    ids.push_back(id);
  }
};

std::pair<Expressions, Expressions> Split(const std::vector<StageEntry>& entries) {
  std::pair<Expressions, Expressions> split;
  std::set<std::pair<std::string, size_t>> keywords;
  for (const StageEntry& entry : entries) {
    Expressions& side = entry.runs == Runs::kAlways ? split.first : split.second;
    if (entry.runs != Runs::kElsewhere) side.Add(entry.expression, FlagsOf(entry), entry.rule);
    for (const std::string& keyword : entry.keywords) {
      for (const size_t call : entry.calls) keywords.emplace(keyword, call);
    }
  }
  for (const auto& [keyword, call] : keywords)
    split.first.Add(Escaped(keyword), HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH,
                    kFirstCall + static_cast<unsigned>(call));
  return split;
}

void AppendLength(std::string& out, uint64_t length) {
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(length >> shift & 0xff);
}

std::optional<std::string_view> TakePart(std::string_view& bytes) {
  if (bytes.size() < 8) return std::nullopt;
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i)
    length |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  bytes.remove_prefix(8);
  if (length > bytes.size()) return std::nullopt;
  const std::string_view part = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return part;
}

Error NotLoaded() { return Error{ErrorCode::kCorrupt, "these are not compiled rules that can run here"}; }

}  // namespace

void Hits::Clear() {
  for (const uint32_t rule : fired_) ends_[rule].clear();
  fired_.clear();
}

void Hits::Add(uint32_t rule, size_t end) {
  std::vector<Ends>& ends = ends_[rule];
  if (ends.empty()) fired_.push_back(rule);
  if (!ends.empty() && end >= ends.back().first && end <= ends.back().last + kApart) {
    ends.back().last = std::max(ends.back().last, end);
  } else {
    ends.push_back({end, end});
  }
}

void Hits::AddWholeText(uint32_t rule, size_t size) {
  if (ends_[rule].empty()) fired_.push_back(rule);
  ends_[rule].assign(1, {0, size});
}

void Hits::Finish() {
  std::sort(fired_.begin(), fired_.end());
  for (const uint32_t rule : fired_) {
    auto& ends = ends_[rule];
    const auto before = [](const Ends& a, const Ends& b) { return a.first < b.first; };
    if (!std::is_sorted(ends.begin(), ends.end(), before)) std::sort(ends.begin(), ends.end(), before);
  }
}

class Database {
 public:
  explicit Database(hs_database_t* database) : database_(database) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { hs_free_database(database_); }
  hs_database_t* get() const { return database_; }

  static Result<std::unique_ptr<Database>> Compile(const Expressions& expressions) {
    if (expressions.texts.empty()) return std::unique_ptr<Database>();
    std::vector<const char*> texts;
    for (const std::string& text : expressions.texts) texts.push_back(text.c_str());
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(texts.data(), expressions.flags.data(), expressions.ids.data(),
                         static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &database,
                         &error) != HS_SUCCESS) {
      const std::string why = error == nullptr ? "" : error->message;
      hs_free_compile_error(error);
      return Error{ErrorCode::kInvalid, "the rules can't be compiled together: " + why};
    }
    return std::make_unique<Database>(database);
  }

  static Result<std::unique_ptr<Database>> Load(std::string_view bytes) {
    if (bytes.empty()) return std::unique_ptr<Database>();
    hs_database_t* database = nullptr;
    if (hs_deserialize_database(bytes.data(), bytes.size(), &database) != HS_SUCCESS) return NotLoaded();
    return std::make_unique<Database>(database);
  }

  static void AppendTo(std::string& out, const Database* database) {
    char* bytes = nullptr;
    size_t length = 0;
    if (database != nullptr) CHECK(hs_serialize_database(database->get(), &bytes, &length) == HS_SUCCESS);
    AppendLength(out, length);
    out.append(bytes, length);
    std::free(bytes);  // NOLINT: Vectorscan allocates by malloc
  }

 private:
  hs_database_t* database_;
};

class ScratchSpace {
 public:
  ScratchSpace() = default;
  ScratchSpace(const ScratchSpace&) = delete;
  ScratchSpace& operator=(const ScratchSpace&) = delete;
  ~ScratchSpace() { hs_free_scratch(scratch_); }
  hs_scratch_t* scratch_ = nullptr;
};

Scratch::Scratch() : space_(std::make_unique<ScratchSpace>()) {}
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

FirstStage::FirstStage() = default;
FirstStage::FirstStage(FirstStage&&) noexcept = default;
FirstStage& FirstStage::operator=(FirstStage&&) noexcept = default;
FirstStage::~FirstStage() = default;

bool IsTaken(const StageEntry& entry) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const bool good =
      hs_expression_info(entry.expression.c_str(), FlagsOf(entry), &info, &error) == HS_SUCCESS &&
      info->min_width > 0 && entry.expression.find('\0') == std::string::npos;
  hs_free_compile_error(error);
  std::free(info);  // NOLINT: Vectorscan allocates by malloc
  return good;
}

Result<FirstStage> FirstStage::Compile(const std::vector<StageEntry>& entries) {
  const auto [hot, armed] = Split(entries);
  FirstStage stage;
  ASSIGN_OR_RETURN(stage.hot_, Database::Compile(hot));
  ASSIGN_OR_RETURN(stage.armed_, Database::Compile(armed));
  return stage;
}

std::string FirstStage::Serialised() const {
  std::string body;
  Database::AppendTo(body, hot_.get());
  Database::AppendTo(body, armed_.get());
  const crypto::Digest digest = crypto::Sha256(body);
  return std::string(kMagic) + std::string(crypto::AsBytes(digest)) + body;
}

Result<FirstStage> FirstStage::Load(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return NotLoaded();
  bytes.remove_prefix(kMagic.size());
  const std::string_view digest = bytes.substr(0, sizeof(crypto::Digest));
  bytes.remove_prefix(digest.size());
  const crypto::Digest actual = crypto::Sha256(bytes);
  if (digest != crypto::AsBytes(actual)) return NotLoaded();
  const auto hot = TakePart(bytes);
  const auto armed = hot ? TakePart(bytes) : std::nullopt;
  if (!armed || !bytes.empty()) return NotLoaded();
  FirstStage stage;
  ASSIGN_OR_RETURN(stage.hot_, Database::Load(*hot));
  ASSIGN_OR_RETURN(stage.armed_, Database::Load(*armed));
  return stage;
}

std::string FirstStage::Key(const std::vector<StageEntry>& entries) {
  std::string all(kMagic);
  all += hs_version();
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  AppendLength(all, platform.tune);
  AppendLength(all, platform.cpu_features);
  const auto [hot, armed] = Split(entries);
  for (const Expressions* side : {&hot, &armed}) {
    AppendLength(all, side->texts.size());
    for (size_t i = 0; i < side->texts.size(); ++i) {
      AppendLength(all, side->ids[i]);
      AppendLength(all, side->flags[i]);
      AppendLength(all, side->texts[i].size());
      all += side->texts[i];
    }
  }
  const crypto::Digest digest = crypto::Sha256(all);
  return ToHex(crypto::AsBytes(digest));
}

Status FirstStage::Prepare(Scratch& scratch) const {
  for (const Database* database : {hot_.get(), armed_.get()}) {
    if (database != nullptr && hs_alloc_scratch(database->get(), &scratch.space_->scratch_) != HS_SUCCESS)
      return Error{ErrorCode::kUnavailable, "there is no memory for scanning"};
  }
  return Ok{};
}

Status FirstStage::Scan(std::string_view text, size_t offset, Scratch& scratch, Hits& hits) const {
  struct Sink {
    Hits& hits;
    size_t offset;
  } sink{hits, offset};
  constexpr auto kOnHit = [](unsigned id, unsigned long long, unsigned long long end, unsigned,
                             void* context) -> int {
    Sink& into = *static_cast<Sink*>(context);
    if (id >= kFirstCall) {
      into.hits.Call(Calls(into.hits.calls()).set(id - kFirstCall));
    } else {
      into.hits.Add(id, into.offset + static_cast<size_t>(end));
    }
    return 0;
  };
  CHECK(text.size() <= std::numeric_limits<unsigned>::max());
  if (text.empty()) return Ok{};
  const auto run = [&](const Database& database) {
    return hs_scan(database.get(), text.data(), static_cast<unsigned>(text.size()), 0,
                   scratch.space_->scratch_, kOnHit, &sink) == HS_SUCCESS;
  };
  const bool good =
      (hot_ == nullptr || run(*hot_)) && (!hits.calls()[kArmed] || armed_ == nullptr || run(*armed_));
  if (!good) return Error{ErrorCode::kUnavailable, "the text could not be scanned"};
  return Ok{};
}

}  // namespace postern::secrets
