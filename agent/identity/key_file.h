// Changes to keys.yaml, made in the file's own text: comments, order and spelling of all else stay.
//
// A change replaces the file in one step (written aside, synced, renamed), and changes wait for each other.
// What was made is read again before it is put in place: a change that would alter anything else is refused
// and the file stays. An existing file keeps its owner and mode; a new one has mode 0600.
//
// Errors: kInvalid where the file is wrong, or written in a way that these changes don't know (change it by
// hand then); kUnavailable where it can't be written. After any of them the file is as it was.
#pragma once

#include <filesystem>

#include "agent/identity/key_table.h"
#include "shared/base/ids.h"
#include "shared/base/result.h"

namespace postern::identity {

// The file is made where there is none. kInvalid too where the id is already there.
Status AppendKey(const std::filesystem::path& path, const KeyRecord& record);

enum class KeySwitch { kEnabled, kDisabled };
// kNotFound where there is no such key.
Status SwitchKey(const std::filesystem::path& path, const KeyId& id, KeySwitch position);

}  // namespace postern::identity
