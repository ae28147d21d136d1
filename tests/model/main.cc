#include "tests/model/command.h"

int main(int argc, char** argv) { return postern::model::Main(argc, argv); }
