#include "agent/commands/events.h"

#include <charconv>
#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "agent/commands/config_option.h"
#include "agent/commands/event_json.h"
#include "agent/commands/event_rows.h"
#include "agent/commands/record_source.h"
#include "agent/commands/since.h"
#include "agent/spool/verifier.h"
#include "shared/base/hex.h"
#include "shared/base/json_text.h"
#include "shared/wire/chain.h"

namespace postern::commands {
namespace {

constexpr int kDone = 0;
constexpr int kUnsound = 1;
constexpr int kWrongUsage = 2;
constexpr int kCannotReach = 3;

constexpr size_t kRowsByDefault = 50;
constexpr auto kFollowEvery = std::chrono::milliseconds(250);
constexpr const char* kUsage =
    "usage: postern-agent events [--follow] [--json] [--since 2h|2026-11-23|2026-11-23T10:30:00Z] [--limit "
    "N]\n"
    "       postern-agent events verify [--json]\n";

struct Wishes {
  bool verify = false;
  bool follow = false;
  bool json = false;
  std::optional<WallTime> since;
  std::optional<size_t> limit;
};

std::optional<size_t> ParseCount(std::string_view text) {
  size_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc{} || end != text.data() + text.size() || count == 0) return std::nullopt;
  return count;
}

// kInvalid with the word that is not understood.
Result<Wishes> ParseWishes(std::span<const std::string> words) {
  Wishes wishes;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto wrong = [&](const std::string& what) { return Error{ErrorCode::kInvalid, what}; };
    if (word == "verify" && i == 0) {
      wishes.verify = true;
    } else if (word == "--follow" && !wishes.verify) {
      wishes.follow = true;
    } else if (word == "--json") {
      wishes.json = true;
    } else if ((word == "--since" || word == "--limit") && !wishes.verify) {
      if (i + 1 == words.size()) return wrong(word + " needs a value");
      const std::string& value = words[++i];
      if (word == "--since" && !(wishes.since = ParseSince(value, WallNow())))
        return wrong("\"" + value + "\" is not a time");
      if (word == "--limit" && !(wishes.limit = ParseCount(value)))
        return wrong("\"" + value + "\" is not a number above 0");
    } else {
      return wrong("\"" + word + "\" is not understood");
    }
  }
  return wishes;
}

int ExitCode(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorrupt ? kUnsound : kCannotReach;
}

int Report(const Error& error, std::ostream& err) {
  err << "postern-agent: " << error.message << "\n";
  return ExitCode(error);
}

// Hands over every record of the pages from `request` on, each once, in order.
class Pages {
 public:
  Pages(RecordSource& source, spool::PageRequest request) : source_(source), request_(std::move(request)) {}

  // One page; `done` tells that nothing more is there now. kCorrupt when the pages don't move on.
  template <class Visit>
  Status Next(Visit visit) {
    ASSIGN_OR_RETURN(const spool::Page page, source_.Read(request_));
    for (const spool::Record& record : page.records) {
      const spool::RecordKey key{record.position, record.kind};
      if (seen_ && key <= *seen_) continue;
      seen_ = key;
      visit(page, record);
    }
    done = page.resume == page.next;
    request_ = {.from = page.resume, .since = std::nullopt, .last = 0, .limit = request_.limit};
    return Ok{};
  }

  bool done = false;

 private:
  RecordSource& source_;
  spool::PageRequest request_;
  std::optional<spool::RecordKey> seen_;
};

// Keeps the last lines, or passes all of them on at once.
class Lines {
 public:
  Lines(std::ostream& out, std::optional<size_t> last) : out_(out), last_(last) {}
  void Add(std::string line) {
    if (line.empty()) return;
    if (!last_) {
      out_ << line << '\n';
      return;
    }
    lines_.push_back(std::move(line));
    if (lines_.size() > *last_) lines_.pop_front();
  }
  void Finish() {
    for (const std::string& line : lines_) out_ << line << '\n';
    out_.flush();
    lines_.clear();
    last_.reset();
  }

 private:
  std::ostream& out_;
  std::optional<size_t> last_;
  std::deque<std::string> lines_;
};

int Show(RecordSource& source, const Wishes& wishes, std::ostream& out, std::ostream& err) {
  std::optional<size_t> last = wishes.limit;
  if (!last && !wishes.since) last = kRowsByDefault;
  spool::PageRequest request;
  request.since = wishes.since;
  if (!wishes.since && last)
    request.last =
        wishes.json ? *last : 3 * *last + 64;  // an exchange has two events, and others lie between
  Pages pages(source, request);
  Lines lines(out, last);
  EventRows rows;
  if (!wishes.json) out << EventRows::Header() << '\n';
  const auto show = [&](const spool::Page&, const spool::Record& record) {
    if (record.kind != spool::RecordKind::kEvent) return;
    wire::Event event;
    if (!event.ParseFromString(record.bytes)) return;
    const WallTime time{std::chrono::nanoseconds(event.wall_time())};
    const bool too_early = wishes.since && time < *wishes.since;
    std::string line = wishes.json ? ToJsonLine(record.position, event) : rows.Add(event);
    if (!too_early) lines.Add(std::move(line));
  };
  while (!pages.done) {
    if (const Status status = pages.Next(show); !status) return Report(status.error(), err);
  }
  if (!wishes.json && !wishes.follow) {
    for (std::string& row : rows.Open()) lines.Add(std::move(row));
  }
  lines.Finish();
  if (!wishes.follow) return kDone;
  if (!source.is_live())
    return Report({ErrorCode::kUnavailable, "the agent doesn't run, so there is nothing to follow"}, err);
  while (out) {
    std::this_thread::sleep_for(kFollowEvery);
    if (const Status status = pages.Next(show); !status) return Report(status.error(), err);
    out.flush();
  }
  return kDone;
}

void PrintJson(const spool::Verdict& verdict, std::ostream& out) {
  out << "{\"sound\":" << (verdict.sound() ? "true" : "false");
  if (verdict.problem) out << ",\"problem\":" << JsonString(*verdict.problem);
  out << ",\"events\":" << verdict.events << ",\"seals\":" << verdict.seals
      << ",\"incarnations\":" << verdict.incarnations << ",\"first_position\":" << verdict.first_position
      << ",\"last_position\":" << verdict.last_position
      << ",\"trimmed\":" << (verdict.trimmed ? "true" : "false") << ",\"unsealed\":" << verdict.unsealed
      << ",\"open_exchanges\":" << verdict.open_exchanges
      << ",\"closed_exchanges\":" << verdict.closed_exchanges << ",\"gaps\":" << verdict.gaps
      << ",\"head\":\"" << ToHex(crypto::AsBytes(verdict.head)) << "\"}\n";
}

void PrintText(const spool::Verdict& verdict, const std::vector<std::string>& keys, std::ostream& out) {
  if (verdict.problem) {
    out << "The record is NOT sound.\n  " << *verdict.problem << "\n  before it: ";
  } else {
    out << "The record is sound.\n  ";
  }
  out << verdict.events << " events, " << verdict.seals << " seals, " << verdict.closed_exchanges
      << " exchanges ended, " << verdict.open_exchanges << " open\n";
  if (verdict.trimmed)
    out << "  events before " << verdict.first_position
        << " were trimmed; the chain goes on from a seal over them\n";
  if (verdict.incarnations > 1)
    out << "  " << verdict.incarnations << " incarnations, each naming the one before\n";
  if (verdict.gaps > 0)
    out << "  " << verdict.gaps << " gap records: what they count is missing, with notice\n";
  if (verdict.unsealed > 0) out << "  the last " << verdict.unsealed << " events are not sealed yet\n";
  out << "  head of event " << verdict.last_position << ": " << ToHex(crypto::AsBytes(verdict.head)) << "\n";
  for (const std::string& key : keys) out << "  sealed with public key " << ToHex(key) << "\n";
}

int Verify(RecordSource& source, const Wishes& wishes, std::ostream& out, std::ostream& err) {
  Pages pages(source, {});
  std::optional<spool::Verifier> verifier;
  std::vector<std::string> raw_keys;
  bool good = true;
  const auto check = [&](const spool::Page& page, const spool::Record& record) {
    if (!verifier) {
      std::vector<crypto::PublicKey> keys;
      for (const std::string& raw : page.public_keys) {
        if (auto key = crypto::PublicKey::FromBytes(raw)) keys.push_back(*std::move(key));
      }
      raw_keys = page.public_keys;
      verifier.emplace(std::move(keys));
    }
    good = good && verifier->Add(record.position, record.kind, record.bytes);
  };
  while (!pages.done && good) {
    if (const Status status = pages.Next(check); !status) return Report(status.error(), err);
  }
  const spool::Verdict verdict = verifier ? verifier->Finish() : spool::Verdict{};
  if (wishes.json) {
    PrintJson(verdict, out);
  } else {
    PrintText(verdict, raw_keys, out);
  }
  return verdict.sound() ? kDone : kUnsound;
}

}  // namespace

int RunEventsCommand(std::span<const std::string> words, const RecordPlace& place, std::ostream& out,
                     std::ostream& err) {
  const auto wishes = ParseWishes(words);
  if (!wishes) {
    err << "postern-agent events: " << wishes.error().message << "\n" << kUsage;
    return kWrongUsage;
  }
  const auto source = OpenRecord(place.state_directory, place.socket);
  if (!source) return Report(source.error(), err);
  return wishes->verify ? Verify(**source, *wishes, out, err) : Show(**source, *wishes, out, err);
}

int RunEventsCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err) {
  std::vector<std::string> own;
  std::vector<std::string> about_config;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool apart = words[i] == "--config" && i + 1 < words.size();
    const bool ours =
        apart || words[i] == "--config" || words[i].starts_with("--config=") || words[i] == "--help";
    (ours ? about_config : own).push_back(words[i]);
    if (apart) about_config.push_back(words[++i]);
  }
  const ConfigOption option = ReadConfigOption("events", kUsage, about_config, out, err);
  if (option.exit_code) return *option.exit_code;
  const auto config = agent::LoadAgentConfig(option.config_file);
  if (!config) {
    err << "postern-agent events: " << config.error().message << '\n';
    return kWrongUsage;
  }
  return RunEventsCommand(own, {config->state.string(), config->socket().string()}, out, err);
}

}  // namespace postern::commands
