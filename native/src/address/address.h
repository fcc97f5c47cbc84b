#pragma once

#include <node_api.h>
#if defined(_WIN32)
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <sys/socket.h>
#endif

#include <cstdint>
#include <string>

namespace hvsock {

// A sockaddr and its length.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

inline bool isInet(int family) { return family == AF_INET || family == AF_INET6; }

// One function per family. They throw Failure with `function` as its syscall.
SocketAddress unixAddress(const char* function, const std::string& path);
SocketAddress vsockAddress(std::uint32_t cid, std::uint32_t port);
SocketAddress inetAddress(const char* function, const std::string& host, std::uint16_t port);
SocketAddress hyperVAddress(const char* function, const std::string& vmId, const std::string& serviceId);

// The address in a JavaScript object.
SocketAddress toAddress(napi_env env, const char* function, napi_value value);

// The reverse, for families that this build opens; undefined for others. A unix socket without a path has "".
napi_value fromAddress(napi_env env, const SocketAddress& address);
// Sets the fields of one family.
void setVsockFields(napi_env env, napi_value object, const SocketAddress& address);
void setHyperVFields(napi_env env, napi_value object, const SocketAddress& address);

// The families that this build opens, as a JavaScript array.
napi_value families(napi_env env);

}  // namespace hvsock
