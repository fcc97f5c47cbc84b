#include <sys/socket.h>
// needs sockaddr from above
#include <linux/vm_sockets.h>

#include "address.h"
#include "../js/js.h"

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

void setVsockFields(napi_env env, napi_value object, const SocketAddress& address) {
  const auto* vm = reinterpret_cast<const sockaddr_vm*>(&address.storage);
  set(env, object, "cid", toNumber(env, vm->svm_cid));
  set(env, object, "port", toNumber(env, vm->svm_port));
}

}  // namespace hvsock
