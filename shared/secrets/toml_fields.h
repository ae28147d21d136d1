// One table of a rule file: its fields, by their names in small letters, as Gitleaks reads them in any case.
// Only shared/secrets includes this.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/config/node.h"

namespace postern::secrets {

std::string SmallAscii(std::string text);

// Thread-compatible. What a file has wrong is kInvalid, with file and line.
class TomlFields {
 public:
  // Keys that aren't known are refused, and those that are given twice.
  static Result<TomlFields> Of(const config::Node& node, std::span<const std::string_view> known);

  const config::Node& node() const { return node_; }
  const config::Node* Find(std::string_view name) const;
  Error Wrong(std::string_view what) const;

  // Each leaves `into` as it is where the field isn't there.
  Status Text(std::string_view name, std::string& into) const;
  Status Texts(std::string_view name, std::vector<std::string>& into) const;
  Status Truth(std::string_view name, bool& into) const;
  Status Number(std::string_view name, std::optional<int64_t>& into) const;

  // The tables of [[name]], or of [name] where there may be one.
  Result<std::vector<config::Node>> Tables(std::string_view name) const;

 private:
  explicit TomlFields(config::Node node) : node_(std::move(node)) {}
  config::Node node_;
  std::map<std::string, config::Node, std::less<>> values_;
};

}  // namespace postern::secrets
