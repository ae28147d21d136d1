#include "shared/secrets/rule_file.h"

#include <algorithm>
#include <map>
#include <set>

#include "shared/config/node.h"
#include "shared/secrets/rule_inheritance.h"
#include "shared/secrets/toml_fields.h"

namespace postern::secrets {
namespace {

constexpr int kMostExtensions = 8;  // one within the other
constexpr int kEntropyDigits = 15;
constexpr int64_t kEntropyUnit = 1'000'000'000'000'000;
constexpr std::string_view kBuiltInName = "the built-in rules";

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
  ASSIGN_OR_RETURN(const TomlFields fields, TomlFields::Of(node, kAllowListKeys));
  ReadAllowList read{.list = {.where = LineOf(node)}, .targets = {}, .node = node};
  AllowList& list = read.list;
  std::string condition, target;
  RETURN_IF_ERROR(fields.Text("condition", condition));
  RETURN_IF_ERROR(fields.Text("regextarget", target));
  condition = SmallAscii(condition);
  target = SmallAscii(target);
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
Result<std::vector<ReadAllowList>> ReadAllowLists(const TomlFields& fields) {
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

Status ReadRequired(const TomlFields& fields, Rule& rule) {
  ASSIGN_OR_RETURN(const auto tables, fields.Tables("required"));
  for (const config::Node& table : tables) {
    ASSIGN_OR_RETURN(const TomlFields one, TomlFields::Of(table, kRequiredKeys));
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
  ASSIGN_OR_RETURN(const TomlFields fields, TomlFields::Of(node, kRuleKeys));
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
  for (std::string& keyword : rule.keywords) keyword = SmallAscii(std::move(keyword));
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

constexpr std::string_view kExtendKeys[] = {"path", "url", "usedefault", "disabledrules"};
constexpr std::string_view kFileKeys[] = {"title",     "description", "extend",    "rules",
                                          "allowlist", "allowlists",  "minversion"};

class Reader {
 public:
  explicit Reader(const RuleSources& sources) : sources_(sources) {}

  Result<RuleSet> Read(std::string_view text, std::string_view name, int depth) {
    ASSIGN_OR_RETURN(const config::Node root, config::ParseToml(text, name));
    ASSIGN_OR_RETURN(const TomlFields fields, TomlFields::Of(root, kFileKeys));
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
    ASSIGN_OR_RETURN(const TomlFields fields, TomlFields::Of(node, kExtendKeys));
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

  static Status ReadOwnRules(const TomlFields& fields, RuleSet& set) {
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

}  // namespace

Result<RuleSet> ReadRules(std::string_view text, std::string_view name, const RuleSources& sources) {
  ASSIGN_OR_RETURN(RuleSet set, Reader(sources).Read(text, name, 0));
  RETURN_IF_ERROR(CheckWhole(set));
  return set;
}

}  // namespace postern::secrets
