// Hosts: how one joins, the incarnations it is issued, and how it is shut out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/directory/page.h"
#include "collector/directory/registrar.h"
#include "shared/base/result.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

// What a host says of itself when it joins. The keys have 32 bytes, `machine` too.
struct NewAgent {
  std::string host;
  std::string machine;
  std::string curve_key;
  std::string seal_key;
  std::string sealing_key;
  std::string version;
};

struct IssuedEnrolmentToken {
  wire::EnrolmentTokenRecord record;
  std::string text;  // "pse_…", without the fingerprint; can't be shown again
};

struct RevokedAgent {
  wire::AgentRecord record;
  std::vector<std::string> rotate;  // names of the credentials that it holds in a generation still in use
};

// Errors as Keys. Thread-safe.
class Agents {
 public:
  explicit Agents(Registrar& registrar) : registrar_(registrar) {}

  // Good once, until `expires` (seconds since 1970; at most 30 days ahead).
  Result<IssuedEnrolmentToken> CreateToken(const Actor& actor, int64_t expires);
  Status RemoveToken(const Actor& actor, const std::string& id);
  // Spent and expired ones too.
  Result<Page<wire::EnrolmentTokenRecord>> ListTokens(const PageRequest& page);

  // Spends the token and makes the agent in one write. kDenied has a sentence of its own for a token that is
  // unknown, used already, expired or removed; kInvalid for a mistyped one, for keys that are none, and for a
  // conversation key that another agent has.
  Result<wire::AgentRecord> Enrol(std::string_view token, const NewAgent& agent, const std::string& source);

  Result<wire::AgentRecord> Find(const std::string& id);
  Result<wire::AgentRecord> FindByCurveKey(std::string_view curve_key);  // kNotFound; revoked ones too
  Result<Page<wire::AgentRecord>> List(const PageRequest& page);

  // For ever. May be repeated.
  Result<RevokedAgent> Revoke(const Actor& actor, const std::string& id);
  // Gives up what the agent's chains have not sent: they are closed, and it goes on with a new incarnation at
  // its next Hello. Ends a quarantine; a revoked agent stays revoked.
  Result<wire::AgentRecord> Forfeit(const Actor& actor, const std::string& id);

  // For intake, without an administrator. Quarantine records an alarm of this reason ("fork"); an agent that
  // isn't active stays what it is.
  Result<wire::AgentRecord> Quarantine(const std::string& id, const std::string& reason,
                                       const std::string& sentence, uint64_t incarnation);
  // A new incarnation, a random number, and its empty chain, for the machine that the agent's state is on now
  // (32 bytes, or none). It is on the disk when this returns. kDenied where the agent isn't active, or its
  // incarnation isn't `expected` any more (0: none).
  Result<uint64_t> IssueIncarnation(const std::string& id, uint64_t expected, const std::string& machine);
  // Writes only where it is another version than last time.
  Status NoteVersion(const std::string& id, const std::string& version);
  // When agents were heard, all in one write that only ever replaces what was noted before.
  Status NoteContacts(const std::vector<wire::AgentContact>& contacts);
  Result<std::vector<wire::AgentContact>> Contacts();

 private:
  struct Changed {
    wire::AgentRecord record;
    bool written = false;
  };
  using Changer = std::function<Status(wire::AgentRecord&, Draft&)>;
  Registrar::Decide Deciding(const std::string& id, Changed& changed, const Changer& change);
  Result<wire::AgentRecord> Change(const Actor& actor, const char* action, const std::string& id,
                                   const Changer& change);
  Result<wire::AgentRecord> Note(const std::string& id, const Changer& change);

  Registrar& registrar_;
};

}  // namespace postern::directory
