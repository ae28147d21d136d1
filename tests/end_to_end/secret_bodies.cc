#include "tests/end_to_end/secret_bodies.h"

#include "shared/base/json_text.h"
#include "shared/secrets/samples.h"

namespace postern::end_to_end {

std::string Token(uint64_t seed) { return *secrets::FilledIn("glpat-{base64url 20}", seed); }

std::string ReadOf(const std::string& text, const std::string& path) {
  return R"({"model":"claude-opus-5-5","max_tokens":1000,"messages":[{"role":"user","content":"read it"},)"
         R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Read","input":{"file_path":)" +
         JsonString(path) +
         R"(}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":)" +
         JsonString(text) + "}]}]}";
}

}  // namespace postern::end_to_end
