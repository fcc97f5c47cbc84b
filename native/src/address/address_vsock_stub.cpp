#include "address.h"
#include "../system/failure.h"

namespace hvsock {

SocketAddress vsockAddress(std::uint32_t, std::uint32_t) {
  throw Failure{EAFNOSUPPORT, "connect", "AF_VSOCK is not available on win32"};
}

}  // namespace hvsock
