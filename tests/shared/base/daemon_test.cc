#include "shared/base/daemon.h"

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postern {
namespace {

// Each in a process of its own, since what is asked of the kernel holds for all of it.

TEST(DaemonDeathTest, ItsSignalsWaitUntilTheyAreFetched) {
  EXPECT_EXIT(
      {
        BlockDaemonSignals();
        const sigset_t signals = DaemonSignals();
        for (const int sent : {SIGTERM, SIGINT, SIGHUP}) {
          ::kill(::getpid(), sent);
          const timespec at_once{};
          if (::sigtimedwait(&signals, nullptr, &at_once) != sent) std::_Exit(1);
        }
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(DaemonDeathTest, WritingToAClosedPipeIsAnError) {
  EXPECT_EXIT(
      {
        BlockDaemonSignals();
        int ends[2];
        if (::pipe(ends) != 0) std::_Exit(1);
        ::close(ends[0]);
        std::_Exit(::write(ends[1], "x", 1) == -1 && errno == EPIPE ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(DaemonDeathTest, ItMayOpenAsManyFilesAsTheHostAllows) {
  EXPECT_EXIT(
      {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &limit);
        RaiseDescriptorLimit();
        ::getrlimit(RLIMIT_NOFILE, &limit);
        std::_Exit(limit.rlim_cur == limit.rlim_max ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace postern
