// How far a long scan is: a line on a terminal, and nothing elsewhere. Where somebody ends the program
// (Ctrl-C), the line is taken away before it ends, by that signal, so that a shell sees 130 and no bar is
// left.
#pragma once

#include <csignal>
#include <cstddef>
#include <iosfwd>
#include <iterator>
#include <string_view>

namespace postern::cli {

// The signals by which people end a program.
inline constexpr int kEndings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// While one is shown the process has handlers for kEndings, which must run in the thread that draws: other
// threads block them. One at a time. Owned by the thread that made it.
class Progress {
 public:
  // It shows something if `err` is the standard error stream, and that a terminal.
  explicit Progress(std::ostream& err);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // What goes on before it is known how much there is to do.
  void Say(std::string_view what);
  void Show(size_t done, size_t files, size_t bytes);

 private:
  std::ostream& err_;
  const bool shown_;
  bool drawn_ = false;
  struct sigaction former_[std::size(kEndings)];
};

}  // namespace postern::cli
