#include "shared/secrets/rule_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "shared/base/edit_distance.h"
#include "shared/config/node.h"

namespace postern::secrets {
namespace {

constexpr int kMostExtensions = 8;  // one within the other
constexpr int kEntropyDigits = 15;
constexpr int64_t kEntropyUnit = 1'000'000'000'000'000;
constexpr std::string_view kBuiltInName = "the built-in rules";

std::string Lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

// One table's fields, by their names in small letters.
class Fields {
 public:
  static Result<Fields> Of(const config::Node& node, std::span<const std::string_view> known) {
    ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
    Fields fields(node);
    for (const auto& [key, value] : entries) {
      const std::string name = Lowered(key);
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return Error{ErrorCode::kInvalid, value.Where() + ": unknown key" + DidYouMean(name, known)};
      }
      if (!fields.values_.emplace(name, value).second)
        return Error{ErrorCode::kInvalid, value.Where() + ": the key is given twice"};
    }
    return fields;
  }

  const config::Node& node() const { return node_; }
  const config::Node* Find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  Error Wrong(std::string_view what) const {
    return Error{ErrorCode::kInvalid, node_.Where() + ": " + std::string(what)};
  }

  Status Text(std::string_view name, std::string& into) const {
    if (const config::Node* value = Find(name)) {
      ASSIGN_OR_RETURN(into, value->AsText());
    }
    return Ok{};
  }

  Status Texts(std::string_view name, std::vector<std::string>& into) const {
    const config::Node* value = Find(name);
    if (value == nullptr) return Ok{};
    ASSIGN_OR_RETURN(const auto list, value->AsList());
    for (const config::Node& item : list) {
      ASSIGN_OR_RETURN(into.emplace_back(), item.AsText());
    }
    return Ok{};
  }

  Status Truth(std::string_view name, bool& into) const {
    if (const config::Node* value = Find(name)) {
      ASSIGN_OR_RETURN(into, value->AsBool());
    }
    return Ok{};
  }

  Status Number(std::string_view name, std::optional<int64_t>& into) const {
    if (const config::Node* value = Find(name)) {
      ASSIGN_OR_RETURN(into, value->AsInteger(0, 1'000'000'000));
    }
    return Ok{};
  }

  // The tables of [[name]], or of [name] where there may be one.
  Result<std::vector<config::Node>> Tables(std::string_view name) const {
    const config::Node* value = Find(name);
    if (value == nullptr) return std::vector<config::Node>{};
    return value->AsList();
  }

 private:
  explicit Fields(config::Node node) : node_(std::move(node)) {}
  config::Node node_;
  std::map<std::string, config::Node, std::less<>> values_;
};

// "secrets.toml:12", without the place within the file's structure.
std::string LineOf(const config::Node& node) {
  const std::string where = node.Where();
  const std::string line = ":" + std::to_string(node.line());
  const size_t end = where.find(line + ":");
  return end == std::string::npos ? where : where.substr(0, end + line.size());
}

constexpr std::string_view kAllowListKeys[] = {"description", "condition", "commits",   "paths",
                                               "regextarget", "regexes",   "stopwords", "targetrules"};

struct ReadAllowList {
  AllowList list;
  std::vector<std::string> targets;
  config::Node node;
};

Result<ReadAllowList> ReadOneAllowList(const config::Node& node) {
  ASSIGN_OR_RETURN(const Fields fields, Fields::Of(node, kAllowListKeys));
  ReadAllowList read{.list = {.where = LineOf(node)}, .targets = {}, .node = node};
  AllowList& list = read.list;
  std::string condition, target;
  RETURN_IF_ERROR(fields.Text("condition", condition));
  RETURN_IF_ERROR(fields.Text("regextarget", target));
  condition = Lowered(condition);
  target = Lowered(target);
  if (condition == "and" || condition == "&&") {
    list.condition = AllowList::Condition::kAll;
  } else if (!condition.empty() && condition != "or" && condition != "||") {
    return fields.Find("condition")->Wrong("another word", "AND or OR");
  }
  if (target == "match") {
    list.target = AllowList::Target::kMatch;
  } else if (target == "line") {
    list.target = AllowList::Target::kLine;
  } else if (!target.empty() && target != "secret") {
    return fields.Find("regextarget")->Wrong("another word", "secret, match or line");
  }
  RETURN_IF_ERROR(fields.Texts("commits", list.commits));
  RETURN_IF_ERROR(fields.Texts("paths", list.paths));
  RETURN_IF_ERROR(fields.Texts("regexes", list.regexes));
  RETURN_IF_ERROR(fields.Texts("stopwords", list.stopwords));
  RETURN_IF_ERROR(fields.Texts("targetrules", read.targets));
  if (list.commits.empty() && list.paths.empty() && list.regexes.empty() && list.stopwords.empty())
    return fields.Wrong("it allows nothing: commits, paths, regexes or stopwords are needed");
  return read;
}

// [[allowlists]], or the older [allowlist]; not both.
Result<std::vector<ReadAllowList>> ReadAllowLists(const Fields& fields) {
  std::vector<ReadAllowList> lists;
  ASSIGN_OR_RETURN(const auto tables, fields.Tables("allowlists"));
  for (const config::Node& table : tables) {
    ASSIGN_OR_RETURN(auto list, ReadOneAllowList(table));
    lists.push_back(std::move(list));
  }
  if (const config::Node* single = fields.Find("allowlist")) {
    if (!lists.empty()) return fields.Wrong("[allowlist] and [[allowlists]] can't be given both");
    ASSIGN_OR_RETURN(auto list, ReadOneAllowList(*single));
    lists.push_back(std::move(list));
  }
  return lists;
}

constexpr std::string_view kRequiredKeys[] = {"id", "withinlines", "withincolumns"};

Status ReadRequired(const Fields& fields, Rule& rule) {
  ASSIGN_OR_RETURN(const auto tables, fields.Tables("required"));
  for (const config::Node& table : tables) {
    ASSIGN_OR_RETURN(const Fields one, Fields::Of(table, kRequiredKeys));
    RequiredRule& required = rule.required.emplace_back();
    RETURN_IF_ERROR(one.Text("id", required.id));
    if (required.id.empty()) return one.Wrong("the id of the rule that is required is missing");
    RETURN_IF_ERROR(one.Number("withinlines", required.within_lines));
    RETURN_IF_ERROR(one.Number("withincolumns", required.within_columns));
  }
  return Ok{};
}

constexpr std::string_view kRuleKeys[] = {
    "id",   "description", "regex",      "path",     "secretgroup", "entropy",     "keywords",
    "tags", "allowlist",   "allowlists", "required", "skipreport",  "truesamples", "falsesamples"};

Result<Rule> ReadRule(const config::Node& node) {
  ASSIGN_OR_RETURN(const Fields fields, Fields::Of(node, kRuleKeys));
  Rule rule;
  rule.where = LineOf(node);
  RETURN_IF_ERROR(fields.Text("id", rule.id));
  if (rule.id.empty()) return fields.Wrong("the rule has no id");
  RETURN_IF_ERROR(fields.Text("description", rule.description));
  RETURN_IF_ERROR(fields.Text("regex", rule.regex));
  RETURN_IF_ERROR(fields.Text("path", rule.path));
  std::optional<int64_t> group;
  RETURN_IF_ERROR(fields.Number("secretgroup", group));
  rule.secret_group = group.value_or(0);
  if (const config::Node* entropy = fields.Find("entropy")) {
    ASSIGN_OR_RETURN(const int64_t parts, entropy->AsDecimal(kEntropyDigits));
    if (parts < 0 || parts > 8 * kEntropyUnit)
      return entropy->Wrong("a number that no text can have", "0 to 8, in bits a character");
    rule.entropy = static_cast<double>(parts) / static_cast<double>(kEntropyUnit);
  }
  RETURN_IF_ERROR(fields.Texts("keywords", rule.keywords));
  for (std::string& keyword : rule.keywords) keyword = Lowered(std::move(keyword));
  RETURN_IF_ERROR(fields.Texts("tags", rule.tags));
  bool skip = false;
  RETURN_IF_ERROR(fields.Truth("skipreport", skip));
  if (skip) rule.report = Report::kOnlyForOthers;
  ASSIGN_OR_RETURN(auto lists, ReadAllowLists(fields));
  for (ReadAllowList& list : lists) {
    if (!list.targets.empty()) return fields.Wrong("targetRules is for allow-lists outside of rules");
    rule.allow_lists.push_back(std::move(list.list));
  }
  RETURN_IF_ERROR(ReadRequired(fields, rule));
  RETURN_IF_ERROR(fields.Texts("truesamples", rule.true_samples));
  RETURN_IF_ERROR(fields.Texts("falsesamples", rule.false_samples));
  return rule;
}

template <class T>
void Append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// The child's fields override, its lists come behind.
void Override(Rule& base, const Rule& child) {
  base.where = child.where;
  if (!child.description.empty()) base.description = child.description;
  if (!child.regex.empty()) base.regex = child.regex;
  if (!child.path.empty()) base.path = child.path;
  if (child.secret_group != 0) base.secret_group = child.secret_group;
  if (child.entropy != 0) base.entropy = child.entropy;
  if (child.report != Report::kYes) base.report = child.report;
  Append(base.keywords, child.keywords);
  Append(base.tags, child.tags);
  Append(base.allow_lists, child.allow_lists);
  Append(base.required, child.required);
  // Samples were of the rule as it was.
  base.true_samples = child.true_samples;
  base.false_samples = child.false_samples;
}

Rule* FindRule(std::vector<Rule>& rules, std::string_view id) {
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
  return found == rules.end() ? nullptr : &*found;
}

constexpr std::string_view kExtendKeys[] = {"path", "url", "usedefault", "disabledrules"};
constexpr std::string_view kFileKeys[] = {"title",     "description", "extend",    "rules",
                                          "allowlist", "allowlists",  "minversion"};

class Reader {
 public:
  explicit Reader(const RuleSources& sources) : sources_(sources) {}

  Result<RuleSet> Read(std::string_view text, std::string_view name, int depth) {
    ASSIGN_OR_RETURN(const config::Node root, config::ParseToml(text, name));
    ASSIGN_OR_RETURN(const Fields fields, Fields::Of(root, kFileKeys));
    RuleSet set;
    if (const config::Node* extend = fields.Find("extend")) {
      ASSIGN_OR_RETURN(set, ReadExtended(*extend, depth));
    }
    RETURN_IF_ERROR(fields.Text("title", set.title));
    RETURN_IF_ERROR(ReadOwnRules(fields, set));
    ASSIGN_OR_RETURN(auto lists, ReadAllowLists(fields));
    for (ReadAllowList& list : lists) {
      if (list.targets.empty()) set.allow_lists.push_back(list.list);
      for (const std::string& target : list.targets) {
        Rule* rule = FindRule(set.rules, target);
        if (rule == nullptr)
          return Error{ErrorCode::kInvalid,
                       list.node.Where() + ": targetRules: there is no rule of one of these ids"};
        rule->allow_lists.push_back(list.list);
      }
    }
    return set;
  }

 private:
  Result<RuleSet> ReadExtended(const config::Node& node, int depth) {
    ASSIGN_OR_RETURN(const Fields fields, Fields::Of(node, kExtendKeys));
    if (fields.Find("url") != nullptr) return fields.Wrong("rules are not fetched from a URL: use path");
    std::string path;
    bool use_default = false;
    RETURN_IF_ERROR(fields.Text("path", path));
    RETURN_IF_ERROR(fields.Truth("usedefault", use_default));
    if (!path.empty() && use_default) return fields.Wrong("path and useDefault can't be given both");
    if (depth >= kMostExtensions) return fields.Wrong("files extend each other too often");
    RuleSet set;
    if (use_default) {
      ASSIGN_OR_RETURN(set, Read(sources_.built_in, kBuiltInName, kMostExtensions));
    } else if (!path.empty()) {
      ASSIGN_OR_RETURN(const std::string text, sources_.read(path));
      ASSIGN_OR_RETURN(set, Read(text, path, depth + 1));
    }
    std::vector<std::string> disabled;
    RETURN_IF_ERROR(fields.Texts("disabledrules", disabled));
    for (const std::string& id : disabled) {
      Rule* rule = FindRule(set.rules, id);
      if (rule == nullptr) return fields.Wrong("disabledRules: there is no rule of one of these ids");
      set.rules.erase(set.rules.begin() + (rule - set.rules.data()));
    }
    return set;
  }

  static Status ReadOwnRules(const Fields& fields, RuleSet& set) {
    ASSIGN_OR_RETURN(const auto tables, fields.Tables("rules"));
    std::map<std::string, size_t, std::less<>> places;
    for (size_t i = 0; i < set.rules.size(); ++i) places.emplace(set.rules[i].id, i);
    std::set<std::string> own;
    for (const config::Node& table : tables) {
      ASSIGN_OR_RETURN(Rule rule, ReadRule(table));
      if (!own.insert(rule.id).second)
        return Error{ErrorCode::kInvalid, table.Where() + ": a rule of this id stands above"};
      const auto base = places.find(rule.id);
      if (base != places.end()) {
        Override(set.rules[base->second], rule);
      } else {
        set.rules.push_back(std::move(rule));
      }
    }
    return Ok{};
  }

  const RuleSources& sources_;
};

Status CheckWhole(const RuleSet& set) {
  std::set<std::string_view> ids;
  for (const Rule& rule : set.rules) ids.insert(rule.id);
  for (const Rule& rule : set.rules) {
    const auto wrong = [&](const char* what) { return Error{ErrorCode::kInvalid, rule.where + ": " + what}; };
    if (rule.regex.empty() && rule.path.empty()) return wrong("the rule has neither regex nor path");
    if (rule.regex.empty() && !rule.required.empty())
      return wrong("a rule of a path alone can't require another");
    for (const RequiredRule& required : rule.required) {
      if (required.id == rule.id) return wrong("the rule requires itself");
      if (!ids.contains(required.id)) return wrong("the rule requires one that isn't there");
    }
  }
  return Ok{};
}

}  // namespace

Result<RuleSet> ReadRules(std::string_view text, std::string_view name, const RuleSources& sources) {
  ASSIGN_OR_RETURN(RuleSet set, Reader(sources).Read(text, name, 0));
  RETURN_IF_ERROR(CheckWhole(set));
  return set;
}

}  // namespace postern::secrets
