#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "../../src/system/descriptor.h"
#include "of_system.h"

namespace engine::sockets {
namespace {

using hvsock::Descriptor;

struct UnixAddress {
  sockaddr_un address{};
  socklen_t length;

  UnixAddress(const char* call, const std::string& path) {
    if (path.size() >= sizeof address.sun_path) throw SystemFailure{ENAMETOOLONG, call, path};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    length = sizeof address;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Descriptor newSocket() {
  return Descriptor(succeeded(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
}

}  // namespace

int connect(const std::string& path) {
  const UnixAddress address("connect", path);
  Descriptor socket = newSocket();
  succeeded(::connect(socket.get(), address.get(), address.length), "connect", path);
  return socket.release();
}

int listen(const std::string& path) {
  const UnixAddress address("listen", path);
  Descriptor socket = newSocket();
  succeeded(bind(socket.get(), address.get(), address.length), "listen", path);
  succeeded(::listen(socket.get(), SOMAXCONN), "listen", path);
  return socket.release();
}

int accept(int descriptor) { return succeeded(accept4(descriptor, nullptr, nullptr, SOCK_CLOEXEC), "accept"); }

std::pair<int, int> pair() {
  int both[2];
  succeeded(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), "socketpair");
  return {both[0], both[1]};
}

void shutdownWriting(int descriptor) { succeeded(shutdown(descriptor, SHUT_WR), "shutdown"); }

bool isIPv4(const std::string& text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool isIPv6(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// getent(1) is asked: a static program has no NSS.
int lookup(const std::string&) { throw SystemFailure{ENOSYS, "getaddrinfo"}; }

}  // namespace engine::sockets
