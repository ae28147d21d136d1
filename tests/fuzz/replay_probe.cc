// An entry point that shows what replay_main.cc gives it: each input's size and a checksum of its bytes. It
// crashes on an input that begins with "crash".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t checksum = 2166136261;  // FNV-1a
  for (size_t i = 0; i < size; ++i) checksum = (checksum ^ data[i]) * 16777619;
  std::printf("input %zu %08x\n", size, checksum);
  if (std::string_view(reinterpret_cast<const char*>(data), size).starts_with("crash")) std::abort();
  return 0;
}
