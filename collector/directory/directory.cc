#include "collector/directory/directory.h"

#include <algorithm>

namespace postern::directory {

Directory::Directory(store::Store& store, chronicle::Chronicle& chronicle,
                     const sealing::MasterKey& master_key, const Options& options)
    : registrar_(store, chronicle, options.wall_now),
      keys_(registrar_, options.organisation),
      people_(registrar_, options.organisation),
      credentials_(registrar_, master_key),
      agents_(registrar_),
      administrators_(registrar_),
      settings_(registrar_) {}

Result<Changes> Directory::ChangedSince(uint64_t revision, size_t limit) {
  ASSIGN_OR_RETURN(const auto records, registrar_.store().ChangedSince(revision, limit));
  Changes changes;
  changes.revision = revision;
  changes.more = records.size() >= std::min(limit, store::Store::kMaxPage);
  for (const store::Record& record : records) {
    changes.revision = std::max(changes.revision, record.revision);
    switch (record.kind) {
      case store::RecordKind::kKey: changes.keys.push_back(record.id); break;
      case store::RecordKind::kUser: changes.users.push_back(record.id); break;
      case store::RecordKind::kTeam: changes.teams.push_back(record.id); break;
      case store::RecordKind::kCredential: changes.credentials.push_back(record.id); break;
      case store::RecordKind::kAgent: changes.agents.push_back(record.id); break;
      case store::RecordKind::kAdministrator:
      case store::RecordKind::kEnrolmentToken:
      case store::RecordKind::kSetting:
      case store::RecordKind::kPolicy:
      case store::RecordKind::kSnapshot:
      case store::RecordKind::kAgentContact: break;
    }
  }
  return changes;
}

}  // namespace postern::directory
