// A program to be killed: administers a directory as fast as it is let and says on standard output what was
// answered.
//
//   directory_writer <state directory> [--hold-unsynced]
//
// Four threads each make users, keys, credentials and hosts, revoke and rotate, and are refused. What is said
// is "<what> <id>" after each call has returned: "user", "key", "revoked", "credential", "rotated", "agent",
// "removed", "refused". With --hold-unsynced a kill is a power cut.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include "collector/directory/directory.h"
#include "collector/store/rocks_store.h"
#include "shared/crypto/key_file.h"
#include "shared/crypto/random.h"
#include "shared/kv/faults.h"
#include "shared/tokens/token.h"

namespace postern::directory {
namespace {

// One write(2) each: what has reached the pipe was answered before the kill.
void Say(const std::string& what, const std::string& id) {
  const std::string line = what + " " + id + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(1);
}

template <class T>
T Must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "directory_writer: %s\n", result.error().message.c_str());
    std::_Exit(1);
  }
  return *std::move(result);
}

// The file's text, made by `make` where there is none yet.
std::string Kept(const std::string& path, const std::function<std::string()>& make) {
  if (auto text = crypto::ReadKeyFile(path)) return *std::move(text);
  std::string text = make();
  Must(crypto::WriteKeyFile(path, text, crypto::Mode::kOwnerOnly));
  return text;
}

void Join(Directory& directory, const Actor& actor, const std::string& name, std::string curve_key) {
  const auto token = Must(directory.agents().CreateToken(actor, directory.registrar().now() + 600));
  const auto agent = Must(directory.agents().Enrol(
      token.text,
      {name, std::string(32, 'm'), std::move(curve_key), std::string(32, 's'), std::string(32, 9), "1"}, ""));
  Say("agent", agent.id());
  Must(directory.agents().IssueIncarnation(agent.id(), 0, ""));
}

// One after another what an administrator does, with names that nobody else uses.
void Administer(Directory& directory) {
  const Actor actor = Actor::Local("directory_writer");
  for (;;) {
    const std::string name = tokens::MakeId(crypto::RandomBytes);
    Must(directory.people().CreateUser(actor, {name, "", "", {}}));
    Say("user", name);
    NewKey wanted;
    wanted.user = name;
    const std::string kept = Must(directory.keys().Create(actor, wanted)).record.id();
    Say("key", kept);
    const std::string revoked = Must(directory.keys().Create(actor, wanted)).record.id();
    Must(directory.keys().Revoke(actor, revoked, ""));
    Say("revoked", revoked);
    Must(directory.credentials().Add(actor, {name, "anthropic", ""}, "a-value"));
    Say("credential", name);
    Must(directory.credentials().Rotate(actor, name, "another-value"));
    Say("rotated", name);
    if (directory.keys().Enable(actor, revoked)) std::_Exit(1);
    Say("refused", revoked);
    Join(directory, actor, name, name + name + name.substr(0, 8));
    Must(directory.people().RemoveUser(actor, name));
    Say("removed", name);
  }
}

int Run(const std::string& path, const std::shared_ptr<kv::Faults>& faults) {
  const auto log_key = Must(crypto::SigningKey::FromPem(
      Kept(path + "/log.key", [] { return crypto::SigningKey::Generate().ToPem(); })));
  const auto master_key = Must(sealing::MasterKey::FromText(
      Kept(path + "/master.key", [] { return Must(sealing::MasterKey::Generate()).ToText(); })));
  const auto store = Must(store::OpenRocksStore({.directory = path + "/store", .faults = faults}));
  const auto chronicle =
      Must(chronicle::Chronicle::Open(*store, log_key, {.program = "run", .version = {}, .host = {}}));
  Directory directory(*store, *chronicle, master_key, {"example"});
  Say("ready", "-");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { Administer(directory); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace postern::directory

int main(int count, char** arguments) {
  if (count < 2) return 2;
  std::shared_ptr<postern::kv::Faults> faults;
  if (count > 2 && std::string_view(arguments[2]) == "--hold-unsynced") {
    faults = std::make_shared<postern::kv::Faults>(true);
  }
  return postern::directory::Run(arguments[1], faults);
}
