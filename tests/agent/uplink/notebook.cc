#include "tests/agent/uplink/notebook.h"

namespace postern::uplink {

Memories Notebook::memories() {
  Memories to;
  to.memory = [this] { return notes_.With([](Notes& notes) { return notes.memory; }); };
  to.epoch = [this] { return notes_.With([](Notes& notes) { return notes.epoch; }); };
  to.revision = [this] { return notes_.With([](Notes& notes) { return notes.revision; }); };
  to.tombstones = [this] { return notes_.With([](Notes& notes) { return notes.tombstones; }); };
  to.on_disconnected = [this] { notes_.With([](Notes& notes) { ++notes.disconnected; }); };
  to.enforced = [this] { return notes_.With([](Notes& notes) { return notes.enforced; }); };
  to.on_refused = [this](const std::string& why, const std::function<void()>& durable) {
    notes_.With([&](Notes& notes) { notes.dismissals.push_back(why); });
    if (durable) durable();
  };
  to.take_welcome = [this](const wire::Welcome& welcome, BootTime, const std::function<void()>& durable) {
    notes_.With([&](Notes& notes) { notes.welcomes.push_back(welcome); });
    if (welcome.has_freeze()) durable();
  };
  to.take_policy_part = [this](const wire::PolicyPart& part, const Memories::Answer& answer) {
    const std::string refused = notes_.With([&](Notes& notes) {
      notes.parts.push_back(part);
      return notes.policy_refused;
    });
    if (part.offset() + part.piece().size() == part.size())
      answer(part.version(), refused.empty() ? std::string(32, 'p') : "", refused);
  };
  to.take_answer = [this](const wire::HeartbeatAnswer&, BootTime sent) {
    notes_.With([&](Notes& notes) { notes.beats.push_back(sent); });
  };
  to.remember = [this](const wire::SignedMemory& memory) -> Status {
    notes_.With([&](Notes& notes) { notes.memory = memory; });
    return Ok{};
  };
  to.take_directory = [this](const wire::Directory& directory, const std::function<void()>& durable) {
    const bool taken = notes_.With([&](Notes& notes) {
      if (directory.revision() < notes.revision) return false;
      notes.revision = directory.revision();
      notes.directories.push_back(directory);
      return true;
    });
    if (taken) durable();
    return taken;
  };
  to.take_credential = [this](const wire::SealedCredential& credential) -> Status {
    notes_.With([&](Notes& notes) { notes.credentials.push_back(credential); });
    return Ok{};
  };
  to.on_quarantined = [this](const std::string& why) {
    notes_.With([&](Notes& notes) { notes.quarantines.push_back(why); });
  };
  return to;
}

}  // namespace postern::uplink
