// A JSON text as rules can read it. In the raw bytes of a request every second secret would be missed: an
// escape stands where a rule wants a quote or a newline, and the key before a value is what makes it a
// secret. So the view keeps the structure and writes the contents of strings unescaped in their places; a
// string that is itself a JSON object, list or string is opened again. It knows where each of its bytes comes
// from:
//
//   raw    {"text":"a=\"b\"\nc"}          {"json":"{\"k\":\"v\"}"}
//   view   {"text":"a="b"                 {"json":"{"k":"v"}"}
//          c"}
//
// What no person reads stays out of it, if it stands where the Messages API has it, and never within a tool's
// input: the data of base64 images and documents, signatures, ids, encrypted content. It fails closed: what
// is no JSON has no view. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/expression.h"
#include "shared/secrets/mapped_text.h"
#include "shared/secrets/view_roles.h"

namespace postern::secrets {

// A place in a text, behind a comma between two members or elements, from which its view can be made without
// what stands before.
struct ViewMark {
  size_t raw = 0;
  size_t told_at = 0;  // the text must be the same up to here, at least
  // Shared by the marks of all bodies that begin alike.
  std::shared_ptr<const std::vector<OpenValue>> open;
};

// The contents of a long string of the text, in the view.
struct ViewString {
  Span view;
  Span key;  // of the text: the key before it, or before its list; between the quotes
};

// What is made beside a view for whoever wants it.
struct ViewParts {
  static constexpr size_t kLongString = 256;  // bytes in the view
  static constexpr size_t kMarksApart = 2'048;

  std::vector<ViewMark> marks;
  std::vector<ViewString> strings;
};

// kInvalid where it is no JSON or nested too deeply.
Result<MappedText> LinearView(std::string_view json);

// As above, in the memory of an earlier view: fresh memory costs as much as making the view. After a failure
// it holds nothing of use.
Status LinearView(std::string_view json, MappedText& view);

// The view of what follows on a mark; none: of the whole text. Offsets are those of the whole text.
Status LinearViewFrom(std::string_view json, const ViewMark* from, MappedText& view, ViewParts& parts);

}  // namespace postern::secrets
