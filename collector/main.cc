#include "collector/commands/program.h"

int main(int argc, char** argv) {
  return postern::command_line::RunMain(postern::collector::commands::CollectorProgram(), argc, argv);
}
