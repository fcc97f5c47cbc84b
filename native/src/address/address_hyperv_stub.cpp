#include "address.h"
#include "../system/failure.h"

namespace hvsock {

SocketAddress hyperVAddress(const char* function, const std::string&, const std::string&) {
  throw Failure{EAFNOSUPPORT, function, "AF_HYPERV is not available on linux"};
}

}  // namespace hvsock
