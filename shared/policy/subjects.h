// What clients and agents name, made ready to be held against lists. Private to this directory.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "shared/policy/facts.h"
#include "shared/policy/judge.h"
#include "shared/policy/model_terms.h"
#include "shared/policy/plain_name.h"
#include "shared/policy/tables.h"

namespace postern::policy {

// Up to two names of one thing, of which either may be what a rule means: a host; an OS user's name and
// number.
class NamedSubject {
 public:
  NamedSubject(const Tables& tables, Kind kind, std::string_view name, std::string_view other = {});
  NamedSubject(const NamedSubject&) = delete;
  NamedSubject& operator=(const NamedSubject&) = delete;

  bool is_known() const { return is_known_; }  // there is a name, and all are plain
  const Subject& subject() const { return subject_; }

 private:
  std::array<PlainName, 2> names_;
  std::array<Term, 2> allowing_, denying_;  // of those that there are
  Subject subject_;
  bool is_known_ = false;
};

class ToolSubject {
 public:
  // For these levels.
  ToolSubject(const Tables& tables, const Speakers& speakers, const Tool& tool);
  ToolSubject(const ToolSubject&) = delete;
  ToolSubject& operator=(const ToolSubject&) = delete;

  bool is_plain() const { return is_plain_; }
  const Subject& subject() const { return subject_; }

 private:
  void SetName(const Tables& tables, const Speakers& speakers, bool runs_at_provider);
  void SetType(const Tables& tables);

  PlainName name_;
  std::optional<PlainName> type_;
  std::array<Term, 1> allowing_, denying_, allowing_type_, denying_type_;
  Subject subject_;
  bool is_plain_ = false;
};

class ModelSubject {
 public:
  // `model` is plain.
  ModelSubject(const Tables& tables, const HashedName& model);
  ModelSubject(const ModelSubject&) = delete;
  ModelSubject& operator=(const ModelSubject&) = delete;

  const Subject& subject() const { return subject_; }

 private:
  std::optional<ModelTerms> terms_;  // of a name that the catalogue doesn't have so
  Subject subject_;
};

// MCP servers that the provider connects to. Which tools one has nobody here knows, and its name is the
// client's own word. So rules that deny any MCP tool deny all of them, and only "type:mcp_toolset" allows
// them.
Subject McpServersSubject(const Tables& tables);

}  // namespace postern::policy
