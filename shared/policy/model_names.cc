#include "shared/policy/model_names.h"

#include <algorithm>

#include "shared/policy/glob.h"
#include "shared/pricing/model_name.h"

namespace postern::policy {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

// Only these make ParseModelName give back anything else than it was given.
bool IsPlainId(std::string_view name) {
  return name.find_first_of("@[:/") == std::string_view::npos &&
         name.find("anthropic.") == std::string_view::npos;
}

}  // namespace

Catalogue CatalogueOf(const pricing::PriceTable& prices) {
  Catalogue catalogue;
  for (const pricing::ModelPrices& model : prices.models())
    catalogue.models.push_back({model.id, model.aliases});
  return catalogue;
}

void KnownModels::Build(const Catalogue& catalogue) {
  catalogue_ = catalogue;
  std::vector<std::string> exact;
  std::vector<std::string> folded;
  for (uint32_t i = 0; i < catalogue_.models.size(); ++i) {
    const CatalogueModel& model = catalogue_.models[i];
    const auto add = [&](const std::string& name) {
      exact.push_back(name);
      model_of_exact_.push_back(i);
      for (std::string& form : DeniedForms(name)) {
        folded.push_back(std::move(form));
        model_of_folded_.push_back(i);
      }
    };
    folded_ids_.push_back(Folded(model.id));
    add(model.id);
    for (const std::string& alias : model.aliases) add(alias);
  }
  exact_.Build(std::move(exact));
  folded_.Build(std::move(folded));
}

std::string_view KnownModels::FoldedId(std::string_view folded) const {
  const uint32_t place = folded_.Find(folded);
  return place == kNowhere ? std::string_view() : folded_ids_[model_of_folded_[place]];
}

std::string_view KnownModels::ExactId(std::string_view name) const {
  const uint32_t place = exact_.Find(name);
  return place == kNowhere ? std::string_view() : catalogue_.models[model_of_exact_[place]].id;
}

std::string_view WithoutDate(std::string_view id) {
  for (const std::string_view suffix : {"-latest", "-0"}) {
    if (id.ends_with(suffix)) return id.substr(0, id.size() - suffix.size());
  }
  constexpr size_t kDate = 9;  // "-20251001"
  if (id.size() <= kDate || id[id.size() - kDate] != '-') return id;
  const std::string_view digits = id.substr(id.size() - kDate + 1);
  return std::all_of(digits.begin(), digits.end(), IsDigit) ? id.substr(0, id.size() - kDate) : id;
}

std::vector<std::string> DeniedForms(const std::string& name) {
  const std::string folded = Folded(name);
  const std::string parsed = pricing::ParseModelName(folded).id;
  std::vector<std::string> forms = {folded};
  for (const std::string& form : {parsed, std::string(WithoutDate(parsed))}) {
    if (std::find(forms.begin(), forms.end(), form) == forms.end()) forms.push_back(form);
  }
  return forms;
}

ModelNames::ModelNames(std::string_view asked, const KnownModels& known) {
  std::string_view parsed = asked;
  if (!IsPlainId(asked)) parsed = parsed_ = pricing::ParseModelName(asked).id;
  allowing_.Add(asked);
  allowing_.Add(parsed);
  std::string_view id = known.ExactId(parsed);
  const std::string_view dateless = WithoutDate(parsed);
  const bool is_dated = parsed.size() - dateless.size() == 9;
  if (is_dated) allowing_.Add(dateless);
  if (id.empty() && is_dated) id = known.ExactId(dateless);
  if (!id.empty()) allowing_.Add(id);
  if (std::none_of(asked.begin(), asked.end(), IsCapital)) {
    AddDenying(asked, known);
    return;
  }
  const size_t size = std::min(asked.size(), folded_.size());
  for (size_t i = 0; i < size; ++i)
    folded_[i] = IsCapital(asked[i]) ? static_cast<char>(asked[i] + ('a' - 'A')) : asked[i];
  AddDenying({folded_.data(), size}, known);
}

void ModelNames::AddDenying(std::string_view asked, const KnownModels& known) {
  std::string_view parsed = asked;
  if (!IsPlainId(asked)) parsed = folded_parsed_ = pricing::ParseModelName(asked).id;
  const std::string_view dateless = WithoutDate(parsed);
  denying_.Add(asked);
  denying_.Add(parsed);
  denying_.Add(dateless);
  for (const std::string_view name : {parsed, dateless}) {
    const std::string_view id = known.FoldedId(name);
    if (!id.empty()) denying_.Add(id);
  }
}

}  // namespace postern::policy
