// Lists and records of the directory: what all kinds of them have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/cli/api.h"
#include "collector/cli/output.h"
#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::cli {

// A kind of record: "key list" is of the one with the name "key".
struct Resource {
  std::string_view name;
  std::string_view path;  // "/v1/keys"
  std::vector<FieldColumn> columns;
};

// CHECKs that there is one.
const Resource& ResourceOf(const Invocation& call);

// "/v1/keys/k7x2m9q4w8ab" of the word with this index. kInvalid, without showing it, where the word holds a
// token: a whole key in the place of its id would end up in the record.
Result<std::string> PathOf(const Invocation& call, size_t word = 0);

// `list`: every page of it; options that are also filters of the API are passed on.
Status List(const Invocation& call, std::initializer_list<std::string_view> filters);
Status ListAll(const Invocation& call);

// `show ID`.
Status Show(const Invocation& call);

// `remove ID`: says so on standard error.
Status Remove(const Invocation& call);

// As Update, Act and Remove, of what hosts go by: with --wait, and naming those that may go on (reach.h).
Status UpdateAndTell(const Invocation& call, const std::string& body);
Status ActAndTell(const Invocation& call, std::string_view verb, const std::string& body);
Status RemoveAndTell(const Invocation& call);

// PATCH and POST of the record that the first word names, with a body; prints the record that comes back.
Status Update(const Invocation& call, const std::string& body);
Status Act(const Invocation& call, std::string_view verb, const std::string& body);
// POST to the list; prints what comes back.
Status Create(const Invocation& call, const std::string& body);

// Prints an answer {record_field: {…}, "text": "…"}: the secret alone on standard output, what it is on
// standard error, with a line that says that it is shown only now. --json: the answer.
Status PrintIssued(const Invocation& call, const json::Value& answer, std::string_view record_field,
                   std::string_view advice);

}  // namespace postern::cli
