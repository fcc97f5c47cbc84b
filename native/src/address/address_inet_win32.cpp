#include <cstring>

#include "address.h"
#include "../system/failure.h"
#include "../stream/socket_win32.h"

namespace hvsock {

SocketAddress inetAddress(const char* function, const std::string& host, std::uint16_t port) {
  if (host.find('\0') != std::string::npos) {
    throw Failure{EINVAL, function, "address.host must not contain a NUL character"};
  }
  startWinsock();
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
    throw Failure{EINVAL, function, "address.host must be a numeric IPv4 or IPv6 address, received \"" + host + "\""};
  }
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = static_cast<socklen_t>(found->ai_addrlen);
  freeaddrinfo(found);
  // The port is at the same offset in both families.
  reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
  return address;
}

}  // namespace hvsock
