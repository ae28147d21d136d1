// What `postern scan` reads of a file. Of programs, archives, pictures and the like, which their first bytes
// tell, rules see only the name; everything else is text to them, whatever zero bytes are in it. UTF-16 is
// read as UTF-8 if a mark at its beginning says that it is.
#pragma once

#include <iosfwd>
#include <string>

#include "shared/base/result.h"

namespace postern::cli {

// The file's bytes, to its end, whatever length it is said to have; those of `in` for "-". kNotFound where it
// can't be read, kInvalid where it is larger than 1 GB.
Result<std::string> BytesOf(const std::string& file, std::istream& in);

// The text of these bytes; empty where they are none. Its lines are those of the bytes.
std::string TextIn(std::string bytes);

}  // namespace postern::cli
