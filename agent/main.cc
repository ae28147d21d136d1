#include "agent/commands/program.h"

int main(int argc, char** argv) {
  return postern::command_line::RunMain(postern::commands::AgentProgram(), argc, argv);
}
