// openapi.yaml as a judge: what it documents, whether an answer or a body is as it says, and what of it has
// been seen.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/config/node.h"
#include "shared/json/value.h"

namespace postern::api {

struct Operation {
  std::string method;                          // "GET"
  std::string path;                            // "/v1/keys/{id}"
  std::string id;                              // "key.show"
  bool open = false;                           // needs no token
  std::vector<std::string> parameters;         // of the query
  std::map<std::string, std::string> answers;  // status, or "default" → the schema's name; "" without JSON
  std::string body;                            // the schema's name; "" for none
  std::string type = "application/json";       // of the body
};

// Thread-compatible.
class ContractReader {
 public:
  explicit ContractReader(std::string_view yaml);

  const std::vector<Operation>& operations() const { return operations_; }
  const Operation& Of(std::string_view id) const;

  // What is not as the schema says, in sentences. Everything of the schema that the value holds is noted.
  std::vector<std::string> Judge(const std::string& schema, const json::Value& value);

  // "Key.label", … that no judged value has held.
  std::vector<std::string> Unseen() const;
  // Fields of an object's schema, and those that are required.
  std::vector<std::string> FieldsOf(const std::string& schema) const;

 private:
  using Entries = std::map<std::string, config::Node>;

  config::Node Resolve(const config::Node& node) const;
  void ReadOperation(const std::string& path, const std::string& method, const Entries& entries);
  void JudgeNode(const config::Node& schema, const std::string& name, const json::Value& value,
                 std::vector<std::string>& problems);
  void JudgeObject(const Entries& schema, const std::string& name, const json::Value& value,
                   std::vector<std::string>& problems);

  std::vector<Operation> operations_;
  std::map<std::string, Entries> components_;  // "schemas" → name → node
  std::set<std::string> documented_;           // "Key.label"
  std::set<std::string> seen_;
};

}  // namespace postern::api
