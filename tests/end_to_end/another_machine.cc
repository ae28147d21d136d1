// Another machine for any program: LD_PRELOAD=another_machine.so program …. Where it would read
// /etc/machine-id it reads another file, which is always there and says something else.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

namespace {

const char* Elsewhere(const char* path) {
  return strcmp(path, "/etc/machine-id") == 0 ? "/proc/sys/kernel/ostype" : path;
}

using Open = FILE*(const char*, const char*);
Open* Next(const char* name) { return reinterpret_cast<Open*>(dlsym(RTLD_NEXT, name)); }

}  // namespace

extern "C" {

FILE* fopen(const char* path, const char* mode) {
  static Open* const real = Next("fopen");
  return real(Elsewhere(path), mode);
}

FILE* fopen64(const char* path, const char* mode) {
  static Open* const real = Next("fopen64");
  return real(Elsewhere(path), mode);
}

}  // extern "C"
