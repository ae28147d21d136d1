#include "collector/intake/informer.h"

#include <algorithm>
#include <utility>

#include "shared/base/log.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

// One Directory message holds about so much at most; the frame's bound is four times that.
constexpr size_t kChunkBytes = 256 * 1024;
constexpr int kChunkItems = 256;
constexpr auto kRetrySealing = 10s;
constexpr size_t kMostTombstonesKept = 100'000;

bool MayBeUsedOn(const wire::KeyRecord& key, const std::string& host) {
  if (key.revoked() || key.disabled()) return false;
  return key.hosts().empty() || std::find(key.hosts().begin(), key.hosts().end(), host) != key.hosts().end();
}

int ItemsIn(const wire::Directory& directory) {
  return directory.keys_size() + directory.unknown_keys_size() + directory.os_users_size();
}

// Puts items into as many messages as they need.
class Chunks {
 public:
  explicit Chunks(uint64_t revision) : revision_(revision) { Begin(); }

  wire::Directory& Room(size_t bytes) {
    if (bytes_ + bytes > kChunkBytes || ItemsIn(*current_) >= kChunkItems) Begin();
    bytes_ += bytes;
    return *current_;
  }

  Messages Take() { return std::move(messages_); }

 private:
  void Begin() {
    current_ = messages_.emplace_back().mutable_directory();
    current_->set_revision(revision_);
    bytes_ = 0;
  }

  uint64_t revision_;
  Messages messages_;
  wire::Directory* current_ = nullptr;
  size_t bytes_ = 0;
};

std::string NameOf(const std::string& name_and_generation) {
  return name_and_generation.substr(0, name_and_generation.rfind('#'));
}

}  // namespace

Messages Informer::Greet(Session& session, BootTime now) {
  Messages messages;
  std::set<std::string> names;
  if (const auto agent = shared_.agents.Find(session.agent)) {
    for (const std::string& sealed : agent->record.credentials()) names.insert(NameOf(sealed));
  }
  Seal(messages, session, names, now);
  if (freeze_ && freeze_->revision() != 0) session.subscriptions.PushedFreeze(freeze_->revision(), now);
  return messages;
}

Messages Informer::Answer(Session& session, const wire::Query& query, BootTime now) {
  Answering answering;
  answering.revision = told_;
  for (const std::string& id : query.key_ids()) {
    const auto key = ReadKey(id);
    if (key) AddKey(answering, session, id, *key);
  }
  for (const wire::OsIdentity& identity : query.os_users()) {
    const auto principal = shared_.directory.people().ResolveOsUser(identity);
    if (!principal) continue;
    AddUser(answering, *principal);
    const auto watched = session.subscriptions.WatchUser(identity, principal->SerializeAsString(),
                                                         {principal->user(), principal->team()});
    if (watched == Subscriptions::Watched::kFull) NoteFull(session);
  }
  return Write(session, std::move(answering), now);
}

Result<Informer::Round> Informer::NextRound() {
  Round round;
  ASSIGN_OR_RETURN(round.changes, shared_.directory.ChangedSince(told_));
  told_ = round.changes.revision;
  round.users.insert(round.changes.users.begin(), round.changes.users.end());
  round.teams.insert(round.changes.teams.begin(), round.changes.teams.end());
  return round;
}

Informer::Push Informer::Tell(Session& session, Round& round, BootTime now) {
  const auto concerned = session.subscriptions.KeysOf(round.users, round.teams);
  std::set<std::string> ids(concerned.begin(), concerned.end());
  for (const std::string& id : round.changes.keys) {
    if (session.subscriptions.Watches(id)) ids.insert(id);
  }
  const std::vector<std::string> told(ids.begin(), ids.end());
  const bool only_keys = round.users.empty() && round.teams.empty() && round.changes.credentials.empty();
  if (const auto known = round.common.find(told); only_keys && known != round.common.end()) {
    if (known->second.only_revoked)
      return TellKnown(session, known->second, told, round.changes.revision, now);
  }
  Answering answering;
  answering.revision = round.changes.revision;
  for (const std::string& id : ids) {
    auto read = round.keys.find(id);
    if (read == round.keys.end()) {
      auto key = ReadKey(id);
      if (!key) continue;  // it stays unseen, and is read again with the next reminder
      read = round.keys.emplace(id, *std::move(key)).first;
    }
    AddKey(answering, session, id, read->second);
  }
  std::vector<UserPlace> users;
  if (!round.users.empty() || !round.teams.empty()) users = PushUsers(answering, session);
  for (const std::string& name : round.changes.credentials) {
    if (session.credentials.erase(name) > 0) answering.credentials.insert(name);
  }
  if (ids.empty() && users.empty() && answering.credentials.empty()) return {};
  session.subscriptions.Pushed(answering.revision, told, users, now);
  shared_.presence.counters.pushes.fetch_add(1, std::memory_order_relaxed);
  const bool is_common = users.empty() && answering.credentials.empty();
  if (is_common) return {.messages = {}, .frames = &WriteOnce(round, told, answering).frames};
  return {.messages = Write(session, std::move(answering), now), .frames = nullptr};
}

// The same keys in the same round are the same words.
const Informer::Round::Common& Informer::WriteOnce(Round& round, const std::vector<std::string>& ids,
                                                   const Answering& answering) {
  const auto [place, is_new] = round.common.try_emplace(ids);
  Round::Common& common = place->second;
  if (!is_new) return common;
  for (wire::FromCollector& message : InChunks(answering)) {
    auto frame = wire::Encode(std::move(message));
    if (frame) common.frames.push_back(*std::move(frame));
    else LOG_LIMITED(1s, Level::kError, "a push can't be written", {{"error", frame.error().message}});
  }
  common.only_revoked =
      answering.keys.size() == ids.size() && std::all_of(answering.keys.begin(), answering.keys.end(),
                                                         [](const auto& key) { return key.revoked(); });
  return common;
}

// A thousand agents may watch a key that was revoked: beyond the first, one costs what is noted of it and the
// sending. Revoked keys need no credentials, and whose they are doesn't matter any more.
Informer::Push Informer::TellKnown(Session& session, const Round::Common& common,
                                   const std::vector<std::string>& ids, uint64_t revision, BootTime now) {
  session.subscriptions.Pushed(revision, ids, {}, now);
  shared_.presence.counters.pushes.fetch_add(1, std::memory_order_relaxed);
  return {.messages = {}, .frames = &common.frames};
}

Result<bool> Informer::AskFreeze() {
  auto freeze = shared_.decrees.freeze();
  if (!freeze) return freeze.error();
  // One that is newer than what was told comes with its own round.
  if (freeze->revision() > told_) return Error{ErrorCode::kUnavailable, "the directory is being read"};
  const bool changed = !freeze_ || freeze_->revision() != freeze->revision();
  freeze_ = *std::move(freeze);
  return changed;
}

Messages Informer::TellFreeze(Session& session, BootTime now) {
  Messages messages;
  wire::Directory& directory = *messages.emplace_back().mutable_directory();
  directory.set_revision(told_);
  *directory.mutable_freeze() = *freeze_;
  session.subscriptions.PushedFreeze(freeze_->revision(), now);
  return messages;
}

// Any user or team may concern any OS user: all are resolved again, and those whose answer is another told.
std::vector<Informer::UserPlace> Informer::PushUsers(Answering& answering, Session& session) {
  std::vector<UserPlace> changed;
  for (auto& [place, user] : session.subscriptions.users()) {
    const auto principal = shared_.directory.people().ResolveOsUser(user.identity);
    if (!principal) {
      changed.push_back(place);  // unseen: it is resolved again with the next reminder
      continue;
    }
    std::string answer = principal->SerializeAsString();
    if (answer == user.answer) continue;
    user.answer = std::move(answer);
    user.owner = {principal->user(), principal->team()};
    changed.push_back(place);
    AddUser(answering, *principal);
  }
  return changed;
}

Messages Informer::Remind(Session& session, BootTime now) {
  Messages messages;
  const Subscriptions::Unseen unseen = session.subscriptions.TakeOverdue(now, timing_.push_patience);
  if (!unseen.empty()) {
    Answering answering;
    answering.revision = told_;
    for (const std::string& id : unseen.keys) {
      const auto key = ReadKey(id);
      if (key) AddKey(answering, session, id, *key);
    }
    for (const UserPlace& place : unseen.users) {
      auto& user = session.subscriptions.users()[place];
      const auto principal = shared_.directory.people().ResolveOsUser(user.identity);
      if (!principal) continue;
      user.answer = principal->SerializeAsString();
      user.owner = {principal->user(), principal->team()};
      AddUser(answering, *principal);
    }
    shared_.presence.counters.repeats.fetch_add(1, std::memory_order_relaxed);
    messages = Write(session, std::move(answering), now);
    if (unseen.freeze && freeze_)
      for (wire::FromCollector& message : TellFreeze(session, now)) messages.push_back(std::move(message));
  }
  if (!session.credentials.empty() && now >= session.credentials_due) {
    Seal(messages, session, std::exchange(session.credentials, {}), now);
  }
  return messages;
}

size_t Informer::TakeTombstones(const wire::Tombstones& tombstones) {
  size_t revoked = 0;
  for (const wire::KeyRecord& tombstone : tombstones.keys()) {
    if (!wire::VerifyTombstone(tombstone, shared_.log_key.public_key())) continue;
    const auto key = shared_.directory.keys().Find(tombstone.id());
    if (!key || key->revoked()) continue;
    const auto done = shared_.directory.keys().Revoke(
        directory::Actor::Local("postern-collector"), tombstone.id(),
        "it was revoked before the collector was restored from a backup, and an agent has the proof");
    if (done) ++revoked;
  }
  return revoked;
}

Result<std::optional<wire::KeyRecord>> Informer::ReadKey(const std::string& id) {
  auto key = shared_.directory.keys().Find(id);
  if (!key) {
    if (key.error().code == ErrorCode::kNotFound || key.error().code == ErrorCode::kInvalid) {
      return std::optional<wire::KeyRecord>();
    }
    LOG_LIMITED(1s, Level::kError, "a key can't be read for an agent", {{"error", key.error().message}});
    return key.error();
  }
  if (key->revoked()) {
    if (tombstones_.size() >= kMostTombstonesKept) tombstones_.clear();
    auto signature = tombstones_.find(id);
    if (signature == tombstones_.end()) {
      signature = tombstones_.emplace(id, wire::SignTombstone(id, shared_.log_key)).first;
    }
    key->set_tombstone(signature->second);
  }
  return std::optional(*std::move(key));
}

void Informer::AddKey(Answering& answering, Session& session, const std::string& id,
                      const std::optional<wire::KeyRecord>& key) {
  if (!key) {
    answering.unknown.push_back(id);
    return;
  }
  const auto watched = session.subscriptions.WatchKey(id, {key->user(), key->team()});
  if (watched == Subscriptions::Watched::kFull) NoteFull(session);
  const auto agent = shared_.agents.Find(session.agent);
  if (agent && MayBeUsedOn(*key, agent->record.host())) {
    answering.credentials.insert(key->credentials().begin(), key->credentials().end());
  }
  answering.keys.push_back(*key);
}

void Informer::AddUser(Answering& answering, const wire::OsPrincipal& principal) {
  if (principal.known()) {
    answering.credentials.insert(principal.credentials().begin(), principal.credentials().end());
  }
  answering.users.push_back(principal);
}

Messages Informer::Write(Session& session, Answering answering, BootTime now) {
  Messages messages;
  std::erase_if(answering.credentials,
                [&](const std::string& name) { return session.credentials.contains(name); });
  Seal(messages, session, answering.credentials, now);
  if (answering.keys.empty() && answering.unknown.empty() && answering.users.empty()) return messages;
  for (wire::FromCollector& message : InChunks(answering)) messages.push_back(std::move(message));
  return messages;
}

Messages Informer::InChunks(const Answering& answering) {
  Chunks chunks(answering.revision);
  for (const wire::KeyRecord& key : answering.keys) *chunks.Room(key.ByteSizeLong()).add_keys() = key;
  for (const std::string& id : answering.unknown) chunks.Room(id.size()).add_unknown_keys(id);
  for (const wire::OsPrincipal& user : answering.users)
    *chunks.Room(user.ByteSizeLong()).add_os_users() = user;
  return chunks.Take();
}

void Informer::Seal(Messages& messages, Session& session, const std::set<std::string>& names, BootTime now) {
  if (names.empty()) return;
  const int64_t expires =
      std::chrono::floor<std::chrono::seconds>(shared_.wall_now()).time_since_epoch().count() +
      timing_.credential_lifetime.count();
  auto sealed = shared_.directory.credentials().SealFor(session.agent, session.incarnation,
                                                        {names.begin(), names.end()}, expires);
  session.credentials.insert(names.begin(), names.end());
  if (!sealed) {
    // What isn't sealed now is due again soon; an agent that isn't active gets none.
    if (sealed.error().code != ErrorCode::kDenied) {
      LOG_LIMITED(1s, Level::kError, "credentials could not be sealed",
                  {{"agent", session.agent}, {"error", sealed.error().message}});
    }
    session.credentials_due = now + kRetrySealing;
    return;
  }
  // The earliest that was sealed on this connection decides for all.
  const BootTime due = now + timing_.credential_lifetime / 2;
  session.credentials_due = session.credentials_due <= now ? due : std::min(session.credentials_due, due);
  for (wire::SealedCredential& credential : *sealed) {
    *messages.emplace_back().mutable_credential() = std::move(credential);
    shared_.presence.counters.credentials.fetch_add(1, std::memory_order_relaxed);
  }
}

void Informer::NoteFull(const Session& session) {
  LOG_LIMITED(60s, Level::kWarning, "an agent asks for more keys or users than it can be kept informed of",
              {{"agent", session.agent}});
}

}  // namespace postern::intake
