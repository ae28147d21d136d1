#include "agent/identity/os_user.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/identity/process_facts.h"
#include "agent/identity/user_names.h"

namespace postern::identity {
namespace {

// Nobody's: no account needs to have it.
constexpr uid_t kOtherUser = 54321;

Descriptor TcpSocket(int family) { return Descriptor(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

sockaddr_storage AddressOf(const char* host, uint16_t port) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return storage;
  }
  storage = {};
  EXPECT_EQ(inet_pton(AF_INET6, host, &v6.sin6_addr), 1) << host;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return storage;
}

const sockaddr* Generic(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

class Listener {
 public:
  explicit Listener(const char* host = "127.0.0.1")
      : socket_(TcpSocket(strchr(host, ':') == nullptr ? AF_INET : AF_INET6)) {
    const sockaddr_storage address = AddressOf(host, 0);
    EXPECT_EQ(bind(socket_.number(), Generic(address), sizeof address), 0) << strerror(errno);
    EXPECT_EQ(listen(socket_.number(), 8), 0);
  }
  uint16_t port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);  // the same place in both families
  }
  Descriptor Accept() const { return Descriptor(accept(socket_.number(), nullptr, nullptr)); }

 private:
  Descriptor socket_;
};

Descriptor Connect(const char* host, uint16_t port) {
  const sockaddr_storage address = AddressOf(host, port);
  Descriptor client = TcpSocket(address.ss_family);
  EXPECT_EQ(connect(client.number(), Generic(address), sizeof address), 0) << strerror(errno);
  return client;
}

ConnectionEnds Ends(const char* client, uint16_t client_port, const char* server, uint16_t server_port) {
  const sockaddr_storage a = AddressOf(client, client_port);
  const sockaddr_storage b = AddressOf(server, server_port);
  return *EndsOf(Generic(a), Generic(b));
}

// Another process, which runs `body` and then waits until this is gone.
class Child {
 public:
  explicit Child(const std::function<void()>& body) {
    EXPECT_EQ(pipe(pipe_), 0);
    pid_ = fork();
    if (pid_ != 0) {
      close(pipe_[0]);
      return;
    }
    close(pipe_[1]);
    body();
    char ignored;
    while (read(pipe_[0], &ignored, 1) > 0) {
    }
    _exit(0);
  }
  ~Child() {
    close(pipe_[1]);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  int pipe_[2] = {-1, -1};
  pid_t pid_ = -1;
};

class OsUserTest : public ::testing::TestWithParam<OsUserFinder::Method> {
 protected:
  std::optional<OsUser> UserOf(const Descriptor& accepted) {
    return finder_.Find(*EndsOfAccepted(accepted.number()));
  }

  OsUserFinder finder_{GetParam()};
};

TEST_P(OsUserTest, SeesItsOwnSocketsOfBothFamilies) {
  for (const char* host : {"127.0.0.1", "127.9.8.7", "::1"}) {
    const Listener listener(host);
    const Descriptor client = Connect(host, listener.port());
    const Descriptor accepted = listener.Accept();
    const auto user = UserOf(accepted);
    ASSERT_TRUE(user) << host;
    EXPECT_EQ(user->uid, geteuid());
    std::error_code error;
    const auto link =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(client.number()), error);
    EXPECT_EQ(link, "socket:[" + std::to_string(user->inode) + "]") << host;
  }
}

TEST_P(OsUserTest, SeesIpv6SocketsThatSpeakIpv4) {
  const Listener listener("127.0.0.1");
  const Descriptor client = Connect("::ffff:127.0.0.1", listener.port());
  EXPECT_EQ(UserOf(listener.Accept())->uid, geteuid());

  const Listener both("::");
  const Descriptor v4 = Connect("127.0.0.1", both.port());
  EXPECT_EQ(UserOf(both.Accept())->uid, geteuid());
}

TEST_P(OsUserTest, SeesTheUserOfAnotherProcess) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can start a process of another user";
  const Listener listener;
  const uint16_t port = listener.port();
  Descriptor client;
  const Child child([&] {
    if (setgid(kOtherUser) != 0 || setuid(kOtherUser) != 0) _exit(1);
    client = Connect("127.0.0.1", port);
  });
  const auto user = UserOf(listener.Accept());
  ASSERT_TRUE(user);
  EXPECT_EQ(user->uid, kOtherUser);
  EXPECT_EQ(FindProcess(*user)->pid, child.pid());
}

std::string ProcNetTcp() {
  std::ostringstream text;
  text << std::ifstream("/proc/thread-self/net/tcp").rdbuf();
  return text.str();
}

// The columns of a socket's line in /proc/net/tcp: "state uid".
std::string StateAndUid(uint16_t client_port, uint16_t server_port) {
  char ends[64];
  snprintf(ends, sizeof ends, "0100007F:%04X 0100007F:%04X", client_port, server_port);
  std::istringstream lines(ProcNetTcp());
  for (std::string line; std::getline(lines, line);) {
    if (line.find(ends) == line.npos) continue;
    std::istringstream words(line);
    std::string state, uid, ignored;
    words >> ignored >> ignored >> ignored >> state >> ignored >> ignored >> ignored >> uid;
    return state + " " + uid;
  }
  return "";
}

// The other side's acknowledgement may take a moment, also within one machine.
void AwaitState(std::string_view state, uint16_t client_port, uint16_t server_port) {
  for (int i = 0; i < 1000 && StateAndUid(client_port, server_port).substr(0, 2) != state; ++i)
    usleep(10'000);
}

TEST_P(OsUserTest, AClosingSocketIsNobodysThoughItLooksLikeRoots) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can start a process of another user";
  const Listener listener;
  const uint16_t port = listener.port();
  ConnectionEnds ends;
  Descriptor accepted;
  {
    Descriptor client;
    const Child child([&] {
      if (setuid(kOtherUser) != 0) _exit(1);
      client = Connect("127.0.0.1", port);
    });
    accepted = listener.Accept();
    ends = *EndsOfAccepted(accepted.number());
    ASSERT_EQ(finder_.Find(ends)->uid, kOtherUser);
  }
  AwaitState("05", ends.client.port, port);  // FIN_WAIT2
  EXPECT_EQ(StateAndUid(ends.client.port, port), "05 0");
  EXPECT_EQ(finder_.Find(ends), std::nullopt);
  accepted = Descriptor();
  AwaitState("06", ends.client.port, port);  // TIME_WAIT
  EXPECT_EQ(StateAndUid(ends.client.port, port), "06 0");
  EXPECT_EQ(finder_.Find(ends), std::nullopt);
}

TEST_P(OsUserTest, AHalfClosedSocketIsNobodys) {
  const Listener listener;
  const Descriptor client = Connect("127.0.0.1", listener.port());
  const Descriptor accepted = listener.Accept();
  ASSERT_TRUE(UserOf(accepted));
  shutdown(client.number(), SHUT_WR);
  EXPECT_EQ(UserOf(accepted), std::nullopt);
}

TEST_P(OsUserTest, ComparesAllFourPartsOfAConnection) {
  const Listener listener;
  const Descriptor client = Connect("127.0.0.1", listener.port());
  const Descriptor accepted = listener.Accept();
  const ConnectionEnds ends = *EndsOfAccepted(accepted.number());
  const uint16_t client_port = ends.client.port;
  const uint16_t server_port = ends.server.port;
  EXPECT_TRUE(finder_.Find(Ends("127.0.0.1", client_port, "127.0.0.1", server_port)));
  EXPECT_FALSE(finder_.Find(Ends("127.0.0.2", client_port, "127.0.0.1", server_port)));
  EXPECT_FALSE(finder_.Find(Ends("127.0.0.1", client_port, "127.0.0.2", server_port)));
  EXPECT_FALSE(finder_.Find(Ends("127.0.0.1", client_port ^ 1, "127.0.0.1", server_port)));
  EXPECT_FALSE(finder_.Find(Ends("127.0.0.1", client_port, "127.0.0.1", server_port ^ 1)));
  EXPECT_FALSE(finder_.Find(Ends("::1", client_port, "::1", server_port)));
}

TEST_P(OsUserTest, DoesNotTakeAListenerForAClient) {
  const Listener listener;
  EXPECT_FALSE(finder_.Find(Ends("127.0.0.1", listener.port(), "127.0.0.1", 4780)));
}

TEST_P(OsUserTest, FindsEachOfManyConnections) {
  const Listener listener;
  std::vector<std::pair<Descriptor, Descriptor>> pairs;
  for (int i = 0; i < 50; ++i) {
    Descriptor client = Connect("127.0.0.1", listener.port());
    pairs.emplace_back(std::move(client), listener.Accept());
  }
  uint64_t last = 0;
  for (const auto& [client, accepted] : pairs) {
    const auto user = UserOf(accepted);
    ASSERT_TRUE(user);
    EXPECT_NE(std::exchange(last, user->inode), user->inode);
  }
}

constexpr int kSkip = 77;
constexpr int kSeen = 78;

int Run(const std::string& command) { return system((command + " 2>/dev/null").c_str()); }

bool EnterNetworkNamespace() {
  return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

// In a process of its own, in a namespace of its own, with a client in yet another one on a virtual wire: 0
// when the client has connected and has no OS user here.
int MeetClientFromAnotherNamespace(OsUserFinder::Method method) {
  if (!EnterNetworkNamespace()) return kSkip;
  int ready[2], go[2];
  if (pipe(ready) != 0 || pipe(go) != 0) return 1;
  const pid_t client = fork();
  if (client == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte = unshare(CLONE_NEWNET) == 0 ? '1' : '0';
    if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) _exit(1);
    Run("ip addr add 10.77.0.2/24 dev far && ip link set far up");
    const Descriptor socket = Connect("10.77.0.1", 4780);
    if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1 || byte != '1') return kSkip;
  const std::string wire = "ip link add near type veth peer name far netns " + std::to_string(client);
  if (Run(wire + " && ip addr add 10.77.0.1/24 dev near && ip link set near up") != 0) return kSkip;
  const Descriptor listener = TcpSocket(AF_INET);
  const sockaddr_storage address = AddressOf("10.77.0.1", 4780);
  if (bind(listener.number(), Generic(address), sizeof address) != 0 || listen(listener.number(), 1) != 0)
    return 2;
  if (write(go[1], &byte, 1) != 1 || read(ready[0], &byte, 1) != 1) return 3;
  const Descriptor accepted(accept(listener.number(), nullptr, nullptr));
  OsUserFinder finder(method);
  const auto ends = EndsOfAccepted(accepted.number());
  const bool seen = finder.Find(*ends).has_value();
  // Our own end is here, so the finder does work.
  const bool ours = finder.Find({ends->is_v6, ends->server, ends->client}).has_value();
  if (write(go[1], &byte, 1) != 1) return 4;
  waitpid(client, nullptr, 0);
  return seen ? kSeen : ours ? 0 : 5;
}

TEST_P(OsUserTest, AClientInAnotherNetworkNamespaceIsNobody) {
  const pid_t pid = fork();
  if (pid == 0) _exit(MeetClientFromAnotherNamespace(GetParam()));
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkip) GTEST_SKIP() << "network namespaces can't be made here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

INSTANTIATE_TEST_SUITE_P(BothMethods, OsUserTest,
                         ::testing::Values(OsUserFinder::Method::kSockDiag, OsUserFinder::Method::kProcNet),
                         [](const auto& parameter) {
                           return parameter.param == OsUserFinder::Method::kSockDiag ? "SockDiag" : "ProcNet";
                         });

TEST(OsUserFinder, ChoosesAMethodThatWorksHere) {
  EXPECT_NE(OsUserFinder().method(), OsUserFinder::Method::kNone);
}

TEST(OsUserFinder, FindsNobodyWithoutAMethod) {
  const Listener listener;
  const Descriptor client = Connect("127.0.0.1", listener.port());
  const Descriptor accepted = listener.Accept();
  OsUserFinder none(OsUserFinder::Method::kNone);
  EXPECT_EQ(none.Find(*EndsOfAccepted(accepted.number())), std::nullopt);
}

constexpr std::string_view kProcNetTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:12AC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 48 1 0 100 0 "
    "0 10 0\n"
    "   1: 0100007F:C001 0100007F:12AC 01 00000000:00000000 00:00000000 00000000  1000        0 777 1 0 20 4 "
    "0 10 -1\n"
    "   2: 0100007F:C002 0100007F:12AC 06 00000000:00000000 03:00000F00 00000000     0        0 0 3 0\n"
    "   3: 0100007F:C003 0100007F:12AC 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 0 "
    "10 -1\n"
    "   4: 0100007F:C004 0100007F:12AC 01 short\n"
    "   5: zzzzzzzz:C005 0100007F:12AC 01 00000000:00000000 00:00000000 00000000  1000        0 777 1 0 20 4 "
    "0 10 -1\n"
    "   6: 0100007F:C006 0100007F:12AC 01 00000000:00000000 00:00000000 00000000  1000        0 778";

TEST(ProcNetTcp, CountsOnlyEstablishedSocketsWithAnInode) {
  const auto find = [](uint16_t port) {
    return FindInProcNetTcp(kProcNetTcp, Ends("127.0.0.1", port, "127.0.0.1", 4780));
  };
  EXPECT_EQ(find(0xc001), (OsUser{1000, 777}));
  EXPECT_EQ(find(0xc002), std::nullopt);
  EXPECT_EQ(find(0xc003), std::nullopt);
  EXPECT_EQ(find(0xc004), std::nullopt);
  EXPECT_EQ(find(0xc005), std::nullopt);
  EXPECT_EQ(find(0xc006), (OsUser{1000, 778}));
  EXPECT_EQ(find(0xc007), std::nullopt);
  EXPECT_EQ(FindInProcNetTcp("", Ends("127.0.0.1", 1, "127.0.0.1", 2)), std::nullopt);
}

TEST(ConnectionEnds, AreOfOneFamily) {
  const sockaddr_storage v4 = AddressOf("127.0.0.1", 1);
  const sockaddr_storage v6 = AddressOf("::1", 1);
  const sockaddr_storage none{};
  EXPECT_EQ(EndsOf(Generic(v4), Generic(v6)), std::nullopt);
  EXPECT_EQ(EndsOf(Generic(none), Generic(none)), std::nullopt);
  EXPECT_EQ(EndsOfAccepted(-1), std::nullopt);
  EXPECT_EQ(Ends("::ffff:1.2.3.4", 1, "::ffff:1.2.3.5", 2), Ends("1.2.3.4", 1, "1.2.3.5", 2));
}

TEST(FindProcess, SeesPidExecutableAndDirectory) {
  const Listener listener;
  const Descriptor client = Connect("127.0.0.1", listener.port());
  const Descriptor accepted = listener.Accept();
  OsUserFinder finder;
  const auto facts = FindProcess(*finder.Find(*EndsOfAccepted(accepted.number())));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->pid, getpid());
  EXPECT_EQ(facts->executable, std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_EQ(facts->working_directory, std::filesystem::current_path());
}

TEST(FindProcess, FindsNobodyForASocketThatIsNotThere) {
  EXPECT_EQ(FindProcess(OsUser{geteuid(), 0xffffffffffff}), std::nullopt);
}

TEST(UserNames, KnowRootAndShowNumbersOfTheNameless) {
  UserNames names;
  EXPECT_EQ(names.Remembered(0), std::nullopt);
  EXPECT_EQ(names.NameOf(0), "root");
  EXPECT_EQ(names.Remembered(0), "root");
  EXPECT_EQ(names.NameOf(kOtherUser), "54321");
  EXPECT_EQ(FindUid("root"), 0u);
  EXPECT_EQ(FindUid("54321"), kOtherUser);
  EXPECT_EQ(FindUid("no-such-user-here"), std::nullopt);
  EXPECT_EQ(FindUid(""), std::nullopt);
  EXPECT_EQ(FindUid("-1"), std::nullopt);
  EXPECT_EQ(FindUids({"root", "no-such-user-here", "7"}), (std::vector<uid_t>{0, 7}));
}

}  // namespace
}  // namespace postern::identity
