#include "random.h"

#include <windows.h>
// needs windows.h from above
#include <bcrypt.h>

#include "../../core/failure.h"

namespace engine {

std::string randomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  auto* to = reinterpret_cast<unsigned char*>(bytes.data());
  if (BCryptGenRandom(nullptr, to, static_cast<ULONG>(count), BCRYPT_USE_SYSTEM_PREFERRED_RNG) < 0) {
    throw SystemFailure{ERROR_GEN_FAILURE, "BCryptGenRandom"};
  }
  return bytes;
}

}  // namespace engine
