#include "address.h"

#if defined(_WIN32)
#include <winsock2.h>
// needs winsock2.h from above
#include <afunix.h>

#include "../stream/socket_win32.h"
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

#include "../js/js.h"
#include "../system/failure.h"

namespace hvsock {
namespace {

#if defined(_WIN32)
constexpr const char* supported[] = {"unix", "inet", "hyper-v"};
constexpr int ofMachines = AF_HYPERV;
constexpr const char* nameOfMachines = "hyper-v";
constexpr auto setFieldsOfMachines = setHyperVFields;
#else
constexpr const char* supported[] = {"unix", "vsock", "inet"};
constexpr int ofMachines = AF_VSOCK;
constexpr const char* nameOfMachines = "vsock";
constexpr auto setFieldsOfMachines = setVsockFields;
#endif

struct Fields {
  napi_env env;
  const char* function;
  napi_value object;

  std::string text(const char* name) const {
    const napi_value value = get(env, object, name);
    if (typeOf(env, value) != napi_string) reject(env, function, path(name), "a string", value);
    return fromText(env, value);
  }
  std::uint32_t number(const char* name, double most) const {
    return static_cast<std::uint32_t>(wholeNumber(env, function, path(name), get(env, object, name), 0, most));
  }
  static std::string path(const char* name) { return std::string("address.") + name; }
};

}  // namespace

SocketAddress toAddress(napi_env env, const char* function, napi_value value) {
  if (typeOf(env, value) != napi_object) reject(env, function, "address", "an object", value);
  const Fields fields{env, function, value};
  const napi_value name = get(env, value, "family");
  const std::string family = typeOf(env, name) == napi_string ? fromText(env, name) : "";
  if (family == "unix") return unixAddress(function, fields.text("path"));
  if (family == "vsock") return vsockAddress(fields.number("cid", UINT32_MAX), fields.number("port", UINT32_MAX));
  if (family == "inet") {
    return inetAddress(function, fields.text("host"), static_cast<std::uint16_t>(fields.number("port", UINT16_MAX)));
  }
  if (family == "hyper-v") return hyperVAddress(function, fields.text("vmId"), fields.text("serviceId"));
  reject(env, function, "address.family", "\"unix\", \"vsock\", \"inet\" or \"hyper-v\"", name);
}

napi_value families(napi_env env) {
  napi_value array = nullptr;
  check(env, napi_create_array(env, &array));
  std::uint32_t index = 0;
  for (const char* name : supported) check(env, napi_set_element(env, array, index++, toText(env, name)));
  return array;
}

// sun_path holds 108 bytes, one of them the NUL: https://man7.org/linux/man-pages/man7/unix.7.html, and in UTF-8
// https://devblogs.microsoft.com/commandline/af_unix-comes-to-windows/
SocketAddress unixAddress(const char* function, const std::string& path) {
  SocketAddress address;
  auto* to = reinterpret_cast<sockaddr_un*>(&address.storage);
  constexpr std::size_t most = sizeof to->sun_path - 1;
  if (path.empty()) throw Failure{EINVAL, function, "address.path must not be empty"};
  if (path.find('\0') != std::string::npos) {
    throw Failure{EINVAL, function, "address.path must not contain a NUL character"};
  }
  if (path.size() > most) {
    throw Failure{ENAMETOOLONG, function,
                  "address.path must have at most " + std::to_string(most) + " bytes, received " +
                      std::to_string(path.size()) + ": \"" + path.substr(0, 2 * most) + "\""};
  }
  to->sun_family = AF_UNIX;
  std::memcpy(to->sun_path, path.c_str(), path.size() + 1);
#if defined(_WIN32)
  address.length = sizeof *to;  // Windows accepts no shorter one
#else
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
#endif
  return address;
}

namespace {

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
