#include "tests/agent/uplink/notebook.h"

namespace postern::uplink {

Memories Notebook::memories() {
  Memories to;
  to.memory = [this] { return notes_.With([](Notes& notes) { return notes.memory; }); };
  to.epoch = [this] { return notes_.With([](Notes& notes) { return notes.epoch; }); };
  to.revision = [this] { return notes_.With([](Notes& notes) { return notes.revision; }); };
  to.tombstones = [this] { return notes_.With([](Notes& notes) { return notes.tombstones; }); };
  to.on_disconnected = [this] { notes_.With([](Notes& notes) { ++notes.disconnected; }); };
  to.on_refused = [this] { notes_.With([](Notes& notes) { ++notes.refused; }); };
  to.take_welcome = [this](const wire::Welcome& welcome, BootTime) {
    notes_.With([&](Notes& notes) { notes.welcomes.push_back(welcome); });
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
