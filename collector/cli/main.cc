#include "collector/cli/program.h"

int main(int argc, char** argv) {
  return postern::command_line::RunMain(postern::cli::PosternProgram(), argc, argv);
}
