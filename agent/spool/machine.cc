#include "agent/spool/machine.h"

#include <fstream>
#include <iterator>

#include "shared/crypto/sha256.h"

namespace postern::spool {

std::string HashMachine(const std::string& machine_id_file) {
  std::ifstream in(machine_id_file);
  const std::string id((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return std::string(crypto::AsBytes(crypto::Sha256("postern machine v1\n" + id)));
}

}  // namespace postern::spool
