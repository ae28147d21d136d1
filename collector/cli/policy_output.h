// What the API says about policies, for people.
#pragma once

#include <iosfwd>
#include <string>

#include "shared/json/value.h"

namespace postern::cli {

// The problems of an answer that has them, a line each: "policy.yaml:12: needs --force: …". `file`: what the
// text is called here.
void PrintProblems(std::ostream& out, const json::Value& answer, const std::string& file);

// A PolicyChanges of the answer, by its field's name, as a table; or that there is nothing.
void PrintChanges(std::ostream& out, const json::Value& answer, std::string_view field);

// A PolicyExplanation: the verdict, what else is in the way, and what each level says.
void PrintExplanation(std::ostream& out, const json::Value& explanation);

// "policy.yaml:12: …" with the file's own name.
std::string InFile(const std::string& sentence, const std::string& file);

}  // namespace postern::cli
