// What every engine of the store must do:
//
//   struct MemoryEngine {
//     Store& store();
//     void Reopen();                  // closes and opens again, where that means anything
//   };
//   POSTERN_STORE_CONFORMS(Memory, MemoryEngine);
//
// Answers are compared with what is written in the test, and, where they are many, with the memory engine's.
#pragma once

#include "tests/collector/store/conformance/bodies.h"
#include "tests/collector/store/conformance/chains.h"
#include "tests/collector/store/conformance/commits.h"
#include "tests/collector/store/conformance/ledger.h"
#include "tests/collector/store/conformance/questions.h"
#include "tests/collector/store/conformance/records.h"
#include "tests/collector/store/conformance/sums.h"

#define POSTERN_STORE_CONFORMS(name, Engine)                    \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreCommits, Engine);   \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreRecords, Engine);   \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreChains, Engine);    \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreLedger, Engine);    \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreBodies, Engine);    \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreQuestions, Engine); \
  INSTANTIATE_TYPED_TEST_SUITE_P(name, StoreSums, Engine)
