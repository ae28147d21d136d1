#include "collector/store/runs.h"

#include <algorithm>

#include "collector/store/coding.h"
#include "collector/store/layout.h"

namespace postern::store {

void Append(Runs& runs, uint32_t place) {
  if (!runs.empty() && runs.back().end == place) ++runs.back().end;
  else runs.push_back({place, place + 1});
}

void AppendPiece(std::string& row, const Runs& runs) {
  PutVarint(row, runs.size());
  uint32_t end = 0;
  for (const Run& run : runs) {
    PutVarint(row, run.begin - end);
    PutVarint(row, run.end - run.begin - 1);
    end = run.end;
  }
}

bool DecodeRow(std::string_view row, Runs& runs) {
  runs.clear();
  Decoder decoder(row);
  while (!decoder.done()) {
    uint64_t end = 0;
    for (uint64_t left = decoder.Varint(); left > 0; --left) {
      const uint64_t gap = decoder.Varint();
      const uint64_t length = decoder.Varint();
      if (!decoder.ok() || gap >= kBlock || length >= kBlock) return false;
      const uint64_t begin = end + gap;
      end = begin + length + 1;
      const uint64_t floor = runs.empty() ? 0 : runs.back().end;
      if (begin < floor || end > kBlock) return false;
      if (!runs.empty() && floor == begin) runs.back().end = static_cast<uint32_t>(end);
      else runs.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
    }
  }
  return decoder.ok();
}

Runs Intersect(const Runs& a, const Runs& b) {
  Runs common;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const uint32_t begin = std::max(i->begin, j->begin);
    const uint32_t end = std::min(i->end, j->end);
    if (begin < end) common.push_back({begin, end});
    ++(i->end < j->end ? i : j);
  }
  return common;
}

Runs Unite(const Runs& a, const Runs& b) {
  Runs all;
  Runs sorted;
  sorted.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(sorted),
             [](const Run& x, const Run& y) { return x.begin < y.begin; });
  for (const Run& run : sorted) {
    if (!all.empty() && run.begin <= all.back().end) all.back().end = std::max(all.back().end, run.end);
    else all.push_back(run);
  }
  return all;
}

bool Contains(const Runs& runs, uint32_t place) {
  const auto after = std::upper_bound(runs.begin(), runs.end(), place,
                                      [](uint32_t at, const Run& run) { return at < run.begin; });
  return after != runs.begin() && place < std::prev(after)->end;
}

}  // namespace postern::store
