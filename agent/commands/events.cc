#include "agent/commands/events.h"

#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "agent/commands/event_json.h"
#include "agent/commands/event_rows.h"
#include "agent/commands/options.h"
#include "agent/commands/record_source.h"
#include "agent/spool/verifier.h"
#include "shared/base/hex.h"
#include "shared/base/json_text.h"
#include "shared/command_line/times.h"
#include "shared/wire/chain.h"

namespace postern::commands {
namespace {

using command_line::Invocation;
using command_line::kCannotReach;
using command_line::kDone;

constexpr int kUnsound = command_line::kRefused;

constexpr size_t kRowsByDefault = 50;
constexpr uint64_t kMostRows = 1'000'000'000;
constexpr auto kFollowEvery = std::chrono::milliseconds(250);

struct Wishes {
  bool follow = false;
  bool json = false;
  std::optional<WallTime> since;
  std::optional<size_t> limit;
};

Result<Wishes> ParseWishes(const command_line::Arguments& arguments) {
  Wishes wishes{.follow = arguments.Has("follow"), .json = arguments.Has("json"), .since = {}, .limit = {}};
  if (const auto since = arguments.Value("since")) {
    wishes.since = command_line::ParseSince(*since, WallNow());
    if (!wishes.since)
      return Error{ErrorCode::kInvalid,
                   "--since: \"" + *since + "\" is not " + std::string(command_line::kSinceForms)};
  }
  ASSIGN_OR_RETURN(wishes.limit, arguments.Number("limit", 1, kMostRows));
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
  Pages(RecordSource& source, spool::PageRequest request) : source_(source), request_(request) {}

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

int Verify(RecordSource& source, const Invocation& call) {
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
    if (const Status status = pages.Next(check); !status) return Report(status.error(), call.err);
  }
  const spool::Verdict verdict = verifier ? verifier->Finish() : spool::Verdict{};
  if (call.arguments.Has("json")) {
    PrintJson(verdict, call.out);
  } else {
    PrintText(verdict, raw_keys, call.out);
  }
  return verdict.sound() ? kDone : kUnsound;
}

Result<std::unique_ptr<RecordSource>> Open(const Invocation& call) {
  ASSIGN_OR_RETURN(const agent::AgentConfig config, LoadConfig(call));
  return OpenRecord(config.state.string(), config.socket().string());
}

// What is wrong with the configuration is wrong usage; what is wrong with the record has codes of its own.
int FailToOpen(const Invocation& call, const Error& error) {
  return error.code == ErrorCode::kInvalid ? call.Fail(error) : Report(error, call.err);
}

int ShowEvents(const Invocation& call) {
  const auto wishes = ParseWishes(call.arguments);
  if (!wishes) return call.Fail(wishes.error());
  const auto source = Open(call);
  return source ? Show(**source, *wishes, call.out, call.err) : FailToOpen(call, source.error());
}

int VerifyEvents(const Invocation& call) {
  const auto source = Open(call);
  return source ? Verify(**source, call) : FailToOpen(call, source.error());
}

}  // namespace

std::vector<command_line::Command> EventsCommands() {
  return {{.name = "events",
           .sentence = "Shows what happened, one row an exchange.",
           .details = "Without --since and --limit the last 50 rows.",
           .options = {{.name = "follow", .sentence = "Goes on with what happens from now on."},
                       {.name = "since",
                        .value = "TIME",
                        .sentence = "From 2h ago, 2026-11-23, 2026-11-23T10:30:00Z."},
                       {.name = "limit", .value = "N", .sentence = "At most so many rows, the last ones."},
                       kConfigOption,
                       kJsonOption},
           .run = ShowEvents},
          {.name = "events verify",
           .sentence = "Checks the chain of events and its seals, and names the first thing that is wrong.",
           .options = {kConfigOption, kJsonOption},
           .run = VerifyEvents}};
}

}  // namespace postern::commands
