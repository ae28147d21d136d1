// The embedded engine, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "collector/store/rocks_store.h"

namespace postern::store {

inline std::unique_ptr<Store> MustOpen(const std::string& directory,
                                       std::shared_ptr<kv::Faults> faults = nullptr) {
  auto opened = OpenRocksStore({.directory = directory, .faults = std::move(faults)});
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

inline std::vector<std::string> Problems(Store& store) {
  const auto problems = store.Check([](uint64_t, uint64_t) {});
  EXPECT_TRUE(problems) << problems.error().message;
  return problems ? *problems : std::vector<std::string>{"it could not be checked"};
}

}  // namespace postern::store
