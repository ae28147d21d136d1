// Of every engine: the directory: records, their revisions and lists.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreRecords : public StoreConformance<Engine> {};

TYPED_TEST_SUITE_P(StoreRecords);

TYPED_TEST_P(StoreRecords, RecordsOfOneChangeShareTheNextRevision) {
  Change first;
  first.records = {PutRecord(RecordKind::kKey, "a", "1"), PutRecord(RecordKind::kUser, "a", "2")};
  EXPECT_EQ(this->MustCommit(first).revision, 1u);
  Change second;
  second.records = {PutRecord(RecordKind::kKey, "a", "3", 1)};
  EXPECT_EQ(this->MustCommit(second).revision, 2u);
  EXPECT_EQ(this->MustCommit(Writer().Add().Take()).revision, 2u);  // events are not the directory's
  EXPECT_EQ(this->MustGet(RecordKind::kKey, "a").revision, 2u);
  EXPECT_EQ(this->MustGet(RecordKind::kUser, "a").revision, 1u);
}

TYPED_TEST_P(StoreRecords, ARecordMayBeOfMegabytes) {
  std::string large(9 << 20, 'p');
  for (size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>(i >> 12);
  Change change;
  change.records = {PutRecord(RecordKind::kSnapshot, "14", large),
                    PutRecord(RecordKind::kPolicy, "14", "who")};
  this->MustCommit(change);
  EXPECT_EQ(this->MustGet(RecordKind::kSnapshot, "14").bytes, large);
  EXPECT_EQ(this->MustGet(RecordKind::kPolicy, "14").bytes, "who");
  EXPECT_EQ(Must(this->store().ChangedSince(0, 10)).size(), 2u);
  EXPECT_EQ(Must(this->store().List(RecordKind::kPolicy, {}, {}, 10)).records.size(), 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreRecords, RevisionsCanBeMadeToJumpAndGoOnFromThere) {
  Change first;
  first.records.push_back(PutRecord(RecordKind::kSetting, "epoch", "2", 0));
  first.least_revision = uint64_t{1} << 40;
  EXPECT_EQ(this->store().Commit(first)->revision, uint64_t{1} << 40);
  Change second;
  second.records.push_back(PutRecord(RecordKind::kKey, "k", "one", 0));
  second.least_revision = 7;  // is long past
  EXPECT_EQ(this->store().Commit(second)->revision, (uint64_t{1} << 40) + 1);
  this->engine_.Reopen();
  EXPECT_EQ(this->store().stats().revision, (uint64_t{1} << 40) + 1);
  EXPECT_EQ(this->store().ChangedSince(uint64_t{1} << 40, 10)->size(), 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreRecords, WhatChangedIsListedOnceAtItsNewestRevision) {
  std::map<std::string, uint64_t> revisions;
  for (const char* id : {"a", "b", "a", "c", "b", "d"}) {
    Change change;
    change.records = {PutRecord(RecordKind::kKey, id, "x", revisions[id])};
    revisions[id] = this->MustCommit(change).revision;
  }
  const auto ids = [&](uint64_t since, size_t limit) {
    std::string all;
    for (const Record& record : Must(this->store().ChangedSince(since, limit))) all += record.id;
    return all;
  };
  for (int life = 0; life < 2; ++life, this->engine_.Reopen()) {
    EXPECT_EQ(ids(0, 10), "acbd");
    EXPECT_EQ(ids(3, 10), "cbd");
    EXPECT_EQ(ids(4, 1), "b");
    EXPECT_EQ(ids(6, 10), "");
  }
}

TYPED_TEST_P(StoreRecords, WhatChangedTogetherIsNotTornApart) {
  Change change;
  for (const char* id : {"a", "b", "c"}) change.records.push_back(PutRecord(RecordKind::kKey, id, "x"));
  this->MustCommit(change);
  change.records = {PutRecord(RecordKind::kKey, "d", "x")};
  this->MustCommit(change);
  EXPECT_EQ(this->store().ChangedSince(0, 2)->size(), 3u);
  EXPECT_EQ(this->store().ChangedSince(0, 3)->size(), 3u);
  EXPECT_EQ(this->store().ChangedSince(0, 4)->size(), 4u);
}

TYPED_TEST_P(StoreRecords, ListsByKindAndLabelInPages) {
  std::map<std::string, uint64_t> revisions;
  for (int i = 0; i < 30; ++i) {
    const std::string id = std::to_string(100 + i);
    Change change;
    change.records = {PutRecord(RecordKind::kKey, id, id, 0,
                                {i % 2 == 0 ? "even:yes" : "even:no", "third:" + std::to_string(i % 3)}),
                      PutRecord(RecordKind::kUser, id, "user")};
    revisions[id] = this->MustCommit(change).revision;
  }
  const auto list = [&](const std::optional<std::string>& label, size_t limit) {
    std::vector<std::string> ids;
    std::optional<Cursor> cursor;
    do {
      const auto page = *this->store().List(RecordKind::kKey, label, cursor, limit);
      EXPECT_LE(page.records.size(), limit);
      for (const Record& record : page.records) {
        EXPECT_EQ(record.bytes, record.id);
        ids.push_back(record.id);
      }
      cursor = page.next;
      EXPECT_FALSE(cursor && page.records.empty());
    } while (cursor);
    return ids;
  };
  for (const size_t limit : {1, 4, 5, 100}) {
    EXPECT_EQ(list(std::nullopt, limit).size(), 30u);
    EXPECT_EQ(list("even:yes", limit).size(), 15u);
    EXPECT_EQ(list("third:1", limit), (std::vector<std::string>{"101", "104", "107", "110", "113", "116",
                                                                "119", "122", "125", "128"}));
    EXPECT_EQ(list("third:", limit), std::vector<std::string>());
  }
  Change moved;
  moved.records = {PutRecord(RecordKind::kKey, "101", "101", revisions["101"], {"even:yes"})};
  this->MustCommit(moved);
  EXPECT_EQ(list("third:1", 100).size(), 9u);
  EXPECT_EQ(list("even:no", 100).size(), 14u);
  EXPECT_EQ(list("even:yes", 100).size(), 16u);

  const auto cursor = *this->store().List(RecordKind::kKey, {}, {}, 1)->next;
  EXPECT_EQ(this->store().List(RecordKind::kUser, {}, cursor, 1).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(this->store().List(RecordKind::kKey, "even:no", cursor, 1).error().code, ErrorCode::kInvalid);
  this->ExpectSound();
}

TYPED_TEST_P(StoreRecords, IdsAndLabelsOfAnyBytesAreKeptApart) {
  const std::vector<std::string> ids = {"a", std::string("a\0", 2), "aa", "a\xff", "b", "\xff\xff"};
  Change change;
  for (const std::string& id : ids) change.records.push_back(PutRecord(RecordKind::kTeam, id, id, 0, {id}));
  this->MustCommit(change);
  std::vector<std::string> listed;
  for (const Record& record : Must(this->store().List(RecordKind::kTeam, {}, {}, 100)).records)
    listed.push_back(record.id);
  EXPECT_EQ(listed, ids);
  for (const std::string& id : ids) {
    const auto page = *this->store().List(RecordKind::kTeam, id, {}, 100);
    ASSERT_EQ(page.records.size(), 1u);
    EXPECT_EQ(page.records[0].id, id);
  }
}

REGISTER_TYPED_TEST_SUITE_P(StoreRecords, RecordsOfOneChangeShareTheNextRevision, ARecordMayBeOfMegabytes,
                            RevisionsCanBeMadeToJumpAndGoOnFromThere,
                            WhatChangedIsListedOnceAtItsNewestRevision, WhatChangedTogetherIsNotTornApart,
                            ListsByKindAndLabelInPages, IdsAndLabelsOfAnyBytesAreKeptApart);

}  // namespace postern::store
