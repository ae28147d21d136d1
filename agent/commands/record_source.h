// Where the `events` command reads the record: from the agent while it runs, from its store while it doesn't.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/spool/event_stream.h"
#include "shared/base/result.h"

namespace postern::commands {

// Thread-compatible.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  // One page. kUnavailable when the agent went away, kCorrupt when what came is not a page.
  virtual Result<spool::Page> Read(const spool::PageRequest& request) = 0;

  // Whether new events may appear.
  virtual bool is_live() const = 0;
};

// Asks the agent if it listens on `socket`, otherwise opens the store in `state_directory` for reading only.
// kNotFound when there is neither; kUnavailable when there is one and it can't be used (say, for lack of
// permission).
Result<std::unique_ptr<RecordSource>> OpenRecord(const std::string& state_directory,
                                                 const std::string& socket);

}  // namespace postern::commands
