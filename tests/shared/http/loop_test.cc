#include "shared/http/loop.h"

#include <array>

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace postern::http {
namespace {

// Something that coroutines refer to, and that has a socket in the loop: a server, say.
struct Owner {
  explicit Owner(Loop& loop, int descriptor) : socket(loop, descriptor, nullptr) {}
  Socket socket;
  int visitors = 0;
};

struct Visit {
  explicit Visit(Owner& visited) : owner(visited) { ++owner.visitors; }
  ~Visit() { --owner.visitors; }
  Owner& owner;
};

Task<void> WaitForEver(Loop& loop, Owner& owner) {
  Strand strand(loop);
  const Visit visit(owner);
  for (;;) co_await strand.Wait();
}

TEST(Loop, CoroutinesEndBeforeWhatTheyReferTo) {
  auto loop = Loop::Make();
  ASSERT_TRUE(loop);
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  const Socket other(**loop, pair[1], nullptr);
  auto owner = std::make_unique<Owner>(**loop, pair[0]);
  (*loop)->Spawn(WaitForEver(**loop, *owner));
  (*loop)->Spawn(WaitForEver(**loop, *owner));
  EXPECT_EQ(owner->visitors, 2);
  EXPECT_EQ((*loop)->spawned(), 2U);
  (*loop)->DestroySpawned();
  EXPECT_EQ(owner->visitors, 0);
  EXPECT_EQ((*loop)->spawned(), 0U);
  owner.reset();  // its socket leaves a loop that is still there
}

}  // namespace
}  // namespace postern::http
