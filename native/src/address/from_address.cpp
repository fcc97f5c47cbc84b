#if defined(_WIN32)
#include <winsock2.h>
// needs winsock2.h from above
#include <afunix.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
// needs sockaddr from above
#include <linux/vm_sockets.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "address.h"
#include "../js/js.h"
#if defined(_WIN32)
#include "../hyperv/hyperv_win32.h"
#endif

namespace hvsock {
namespace {

#if defined(_WIN32)
constexpr int ofMachines = AF_HYPERV;
constexpr const char* nameOfMachines = "hyper-v";
constexpr auto setFieldsOfMachines = setHyperVFields;
#else
constexpr int ofMachines = AF_VSOCK;
constexpr const char* nameOfMachines = "vsock";
constexpr auto setFieldsOfMachines = setVsockFields;
#endif

void setInetFields(napi_env env, napi_value object, const SocketAddress& address) {
  const bool six = address.family() == AF_INET6;
  const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  char host[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.family(), six ? static_cast<const void*>(&in6->sin6_addr) : &in->sin_addr, host, sizeof host);
  set(env, object, "host", toText(env, host));
  set(env, object, "port", toNumber(env, ntohs(six ? in6->sin6_port : in->sin_port)));
}

void setUnixFields(napi_env env, napi_value object, const SocketAddress& address) {
  const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
  constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
  const std::size_t given = static_cast<std::size_t>(std::max<socklen_t>(address.length, start)) - start;
  const std::size_t most = std::min(given, sizeof un->sun_path);
  set(env, object, "path", toText(env, std::string_view(un->sun_path, strnlen(un->sun_path, most))));
}

}  // namespace

napi_value fromAddress(napi_env env, const SocketAddress& address) {
  const int family = address.family();
  if (!isInet(family) && family != AF_UNIX && family != ofMachines) return undefined(env);
  napi_value object = nullptr;
  check(env, napi_create_object(env, &object));
  set(env, object, "family", toText(env, isInet(family) ? "inet" : family == AF_UNIX ? "unix" : nameOfMachines));
  if (isInet(family)) {
    setInetFields(env, object, address);
  } else if (family == AF_UNIX) {
    setUnixFields(env, object, address);
  } else {
    setFieldsOfMachines(env, object, address);
  }
  return object;
}

}  // namespace hvsock
