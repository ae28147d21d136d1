// The models of config/models.yaml as policies know them.
#include <gtest/gtest.h>

#include "shared/config/node.h"
#include "shared/pricing/price_file.h"
#include "tests/shared/policy/policy_text.h"
#include "tests/support/paths.h"

namespace postern::policy {
namespace {

Catalogue Delivered() {
  const auto node = config::ParseFile(support::InSource("config/models.yaml"));
  EXPECT_TRUE(node) << node.error().message;
  const auto prices = pricing::LoadPriceTable(*node);
  EXPECT_TRUE(prices) << prices.error().message;
  return CatalogueOf(*prices);
}

bool Allows(const Compiled& policy, const std::string& model) {
  Facts facts;
  facts.time = kNoon;
  facts.model = model;
  return policy.Judge(facts).allowed();
}

TEST(DeliveredModels, ToDenyOneDeniesAllOfItsNamesAndNoOtherModel) {
  const Catalogue catalogue = Delivered();
  ASSERT_GT(catalogue.models.size(), 10u);
  for (const CatalogueModel& denied : catalogue.models) {
    const Compiled policy = CompiledOf("  models: {allow: [\"*\"], deny: [" + denied.id + "]}\n", catalogue);
    for (const CatalogueModel& model : catalogue.models) {
      EXPECT_EQ(Allows(policy, model.id), model.id != denied.id) << denied.id << " is denied";
      for (const std::string& alias : model.aliases)
        EXPECT_EQ(Allows(policy, alias), model.id != denied.id)
            << alias << ", where " << denied.id << " is denied";
    }
  }
}

TEST(DeliveredModels, ModelsThatCostTheSameAreToldApart) {
  const Compiled policy =
      CompiledOf("  models: {allow: [\"*\"], deny: [claude-sonnet-4-5, claude-mythos-5]}\n", Delivered());
  EXPECT_FALSE(Allows(policy, "claude-sonnet-4-5"));
  EXPECT_FALSE(Allows(policy, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
  EXPECT_TRUE(Allows(policy, "claude-sonnet-4-6"));
  EXPECT_TRUE(Allows(policy, "claude-sonnet-4"));
  EXPECT_TRUE(Allows(policy, "claude-fable-5"));
}

}  // namespace
}  // namespace postern::policy
