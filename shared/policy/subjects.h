// What clients and agents name, made ready to be held against lists. Private to this directory.
#pragma once

#include <array>
#include <string_view>

#include "shared/policy/facts.h"
#include "shared/policy/judge.h"

namespace postern::policy {

// Small letters of a short name, without an allocation.
class SmallName {
 public:
  SmallName() = default;
  explicit SmallName(std::string_view name);
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kMostNameBytes> text_;
  size_t size_ = 0;
};

// Up to two names of one thing, of which either may be what a rule means: a host; an OS user's name and
// number.
class NamedSubject {
 public:
  explicit NamedSubject(Kind kind, std::string_view name, std::string_view other = {});
  NamedSubject(const NamedSubject&) = delete;
  NamedSubject& operator=(const NamedSubject&) = delete;

  bool is_known() const { return is_known_; }  // there is a name, and all are plain
  const Subject& subject() const { return subject_; }

 private:
  std::array<SmallName, 2> small_;
  Subject subject_;
  bool is_known_ = true;
};

class ToolSubject {
 public:
  explicit ToolSubject(const Tool& tool);
  ToolSubject(const ToolSubject&) = delete;
  ToolSubject& operator=(const ToolSubject&) = delete;

  bool is_plain() const { return is_plain_; }
  const Subject& subject() const { return subject_; }

 private:
  SmallName name_;
  SmallName type_;
  Subject subject_;
  bool is_plain_ = false;
};

class ModelSubject {
 public:
  ModelSubject(std::string_view model, const KnownModels& known);
  const Subject& subject() const { return subject_; }

 private:
  ModelNames names_;
  Subject subject_;
};

// MCP servers that the provider connects to. Which tools one has nobody here knows, and its name is the
// client's own word. So rules that deny any MCP tool deny all of them, and only "type:mcp_toolset" allows
// them.
Subject McpServersSubject();

}  // namespace postern::policy
