#include <sys/socket.h>
// needs sockaddr from above
#include <linux/vm_sockets.h>

#include "address.h"

namespace hvsock {

// https://man7.org/linux/man-pages/man7/vsock.7.html
SocketAddress vsockAddress(std::uint32_t cid, std::uint32_t port) {
  SocketAddress address;
  auto* to = reinterpret_cast<sockaddr_vm*>(&address.storage);
  to->svm_family = AF_VSOCK;
  to->svm_port = port;
  to->svm_cid = cid;
  address.length = sizeof *to;
  return address;
}

}  // namespace hvsock
