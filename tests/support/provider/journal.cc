#include "tests/support/provider/journal.h"

namespace postern::provider {

const char* Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kInFlight: return "in_flight";
    case Outcome::kComplete: return "complete";
    case Outcome::kCut: return "cut";
    case Outcome::kClientGone: return "client_gone";
    case Outcome::kMalformed: return "malformed";
  }
  return "unknown";
}

std::shared_ptr<Record> Journal::Begin(const http::Head& head, uint64_t connection) {
  auto record = std::make_shared<Record>();
  record->epoch = epoch_;
  record->number = ++arrived_;
  record->connection = connection;
  ++totals_.requests;
  if (keeps_records()) {
    record->arrived = WallNow();
    record->method = head.method;
    record->target = head.target;
    record->minor_version = head.minor_version;
    record->chunked = head.framing == http::Framing::kChunked;
    for (const http::Header& header : head.headers) record->headers.emplace_back(header.name, header.value);
    records_.push_back(record);
    while (records_.size() > most_records_) ForgetOldest();
  }
  bell_.Ring();
  return record;
}

void Journal::ForgetOldest() {
  body_bytes_ -= records_.front()->body.size();
  records_.pop_front();
}

void Journal::KeepBody(Record& record, std::string_view body) {
  if (record.epoch != epoch_ || !keeps_records()) return;
  record.body = body;
  record.body_kept = true;
  body_bytes_ += body.size();
  for (const auto& old : records_) {
    if (body_bytes_ <= kMostBodyBytes) break;
    body_bytes_ -= old->body.size();
    old->body = std::string();
    old->body_kept = false;
  }
}

void Journal::End(Record& record, Outcome outcome) {
  record.outcome = outcome;
  if (record.epoch == epoch_) {
    ++ended_;
    Count(record);
  }
  bell_.Ring();
}

void Journal::Count(const Record& record) {
  if (record.status != 200 && record.status != 0) ++totals_.refused;
  if (!record.message || record.status != 200) return;
  if (record.outcome == Outcome::kComplete) {
    CountAnswered(record.model, record.told);
  } else {
    ++totals_.broken;
    totals_.broken_tokens += record.told;
  }
}

void Journal::CountAnswered(const std::string& model, const Tokens& tokens) {
  ++totals_.answered;
  totals_.answered_tokens += tokens;
  auto& [count, sum] = totals_.by_model[model];
  ++count;
  sum += tokens;
}

const Record* Journal::Find(uint64_t number) const {
  if (records_.empty() || number < records_.front()->number || number > records_.back()->number)
    return nullptr;
  return records_[number - records_.front()->number].get();
}

void Journal::Reset() {
  ++epoch_;
  arrived_ = ended_ = body_bytes_ = 0;
  records_.clear();
  totals_ = {};
  bell_.Ring();
}

}  // namespace postern::provider
