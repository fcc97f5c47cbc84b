#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
// needs sockaddr from above
#include <linux/vm_sockets.h>

#include <charconv>

#include "../js/js.h"
#include "../system/failure.h"
#include "address.h"

namespace hvsock {
namespace {

// The number of the network interface in "fe80::1%eth0" or "fe80::1%2"; 0 if there is none.
std::uint32_t scopeId(const std::string& scope) {
  std::uint32_t number = 0;  // not by strtoul: glibc 2.38 has a new version of it
  const char* end = scope.data() + scope.size();
  const auto [rest, error] = std::from_chars(scope.data(), end, number);
  return error == std::errc() && rest == end ? number : if_nametoindex(scope.c_str());
}

}  // namespace

SocketAddress inetAddress(const char* function, const std::string& host, std::uint16_t port) {
  SocketAddress address;
  if (host.find('\0') != std::string::npos) {
    throw Failure{EINVAL, function, "address.host must not contain a NUL character"};
  }
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.length = sizeof *four;
    return address;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  const std::size_t percent = host.find('%');
  if (inet_pton(AF_INET6, host.substr(0, percent).c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address.length = sizeof *six;
    if (percent == std::string::npos) return address;
    six->sin6_scope_id = scopeId(host.substr(percent + 1));
    if (six->sin6_scope_id != 0) return address;
    throw Failure{EINVAL, function, "no network interface \"" + host.substr(percent + 1) + "\""};
  }
  throw Failure{EINVAL, function, "address.host must be a numeric IPv4 or IPv6 address, received \"" + host + "\""};
}

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

SocketAddress hyperVAddress(const char* function, const std::string&, const std::string&) {
  throw Failure{EAFNOSUPPORT, function, "AF_HYPERV is not available on linux"};
}

}  // namespace hvsock
