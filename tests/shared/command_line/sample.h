// A program for these tests, with one of everything that a table can hold.
#pragma once

#include <ostream>

#include "shared/command_line/program.h"

namespace postern::command_line {

inline int PrintCall(const Invocation& call) {
  call.out << call.command.name;
  for (const std::string& word : call.arguments.words()) call.out << " [" << word << "]";
  if (const auto user = call.arguments.Value("user")) call.out << " user=" << *user;
  call.out << '\n';
  return kDone;
}

inline int RefuseCall(const Invocation& call) { return call.Fail({ErrorCode::kDenied, "it isn't allowed"}); }

inline Program SampleProgram() {
  const Option json{.name = "json", .sentence = "Prints JSON."};
  return {
      .name = "gatehouse",
      .sentence = "a program for tests.",
      .description = "First paragraph of PROGRAM.\n\n  kept as\n  it is\n\n.dotted line, with a back\\slash.",
      .groups = {{"key", "The keys."}},
      .commands =
          {{.name = "key create",
            .words = "NAME [LABEL]",
            .sentence = "Makes a key.",
            .details = "It's shown once… to Zoë.",
            .options =
                {{.name = "user", .value = "USER", .sentence = "For whom.", .need = Need::kRequired},
                 {.name = "kind", .value = "KIND", .sentence = "What for.", .choices = {"person", "robot"}},
                 {.name = "file", .value = "FILE", .sentence = "From it.", .completes = Completes::kFiles},
                 json},
            .run = PrintCall},
           {.name = "key list", .sentence = "Shows keys.", .options = {json}, .run = PrintCall},
           {.name = "events", .sentence = "Shows events.", .options = {json}, .run = PrintCall},
           {.name = "events verify", .sentence = "Checks them.", .run = RefuseCall},
           {.name = "backup", .words = "DIR", .sentence = "Copies.", .run = PrintCall},
           ManCommand(),
           CompletionCommand()},
      .files = {{"/etc/gatehouse.yaml", "The configuration."}},
      .environment = {{"GATEHOUSE", "Where it is."}},
      .examples = {{"gatehouse key list", "Shows keys."}},
  };
}

}  // namespace postern::command_line
