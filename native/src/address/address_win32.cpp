#include <cstddef>
#include <cstdio>
#include <cstring>

#include "../js/js.h"
#include "../stream/socket_win32.h"
#include "../system/failure.h"
#include "address.h"

namespace hvsock {
namespace {

// https://learn.microsoft.com/en-us/virtualization/hyper-v-on-windows/user-guide/make-integration-service
static_assert(AF_HYPERV == 34);
static_assert(sizeof(SOCKADDR_HV) == 36);
static_assert(offsetof(SOCKADDR_HV, Family) == 0 && sizeof(SOCKADDR_HV::Family) == 2);
static_assert(offsetof(SOCKADDR_HV, Reserved) == 2);
static_assert(offsetof(SOCKADDR_HV, VmId) == 4);
static_assert(offsetof(SOCKADDR_HV, ServiceId) == 20);

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The GUID in 8-4-4-4-12 text. Its first three fields are numbers in this machine's byte order, the rest is bytes.
GUID toGuid(const char* function, const char* field, const std::string& text) {
  constexpr std::size_t length = 36;
  std::uint8_t bytes[16];
  std::size_t digits = 0;
  bool fits = text.size() == length;
  for (std::size_t i = 0; fits && i < length; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      fits = text[i] == '-';
      continue;
    }
    const int digit = hexDigit(text[i]);
    fits = digit >= 0;
    auto& byte = bytes[digits / 2];
    byte = static_cast<std::uint8_t>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  if (!fits) {
    throw Failure{EINVAL, function,
                  std::string(field) + " must be a GUID as 8-4-4-4-12 hexadecimal digits, received \"" +
                      text.substr(0, 2 * length) + "\""};
  }
  GUID guid;
  guid.Data1 = static_cast<std::uint32_t>(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
  guid.Data2 = static_cast<std::uint16_t>(bytes[4] << 8 | bytes[5]);
  guid.Data3 = static_cast<std::uint16_t>(bytes[6] << 8 | bytes[7]);
  for (std::size_t i = 0; i < sizeof guid.Data4; ++i) guid.Data4[i] = bytes[8 + i];
  return guid;
}

std::string fromGuid(const GUID& guid) {
  const auto& last = guid.Data4;
  char text[37];
  std::snprintf(text, sizeof text, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                static_cast<unsigned long>(guid.Data1), guid.Data2, guid.Data3, last[0], last[1], last[2], last[3],
                last[4], last[5], last[6], last[7]);
  return text;
}

}  // namespace

SocketAddress hyperVAddress(const char* function, const std::string& vmId, const std::string& serviceId) {
  SocketAddress address;
  auto* to = reinterpret_cast<SOCKADDR_HV*>(&address.storage);
  to->Family = AF_HYPERV;
  to->Reserved = 0;
  to->VmId = toGuid(function, "address.vmId", vmId);
  to->ServiceId = toGuid(function, "address.serviceId", serviceId);
  address.length = sizeof *to;
  return address;
}

void setHyperVFields(napi_env env, napi_value object, const SocketAddress& address) {
  const auto* hv = reinterpret_cast<const SOCKADDR_HV*>(&address.storage);
  set(env, object, "vmId", toText(env, fromGuid(hv->VmId)));
  set(env, object, "serviceId", toText(env, fromGuid(hv->ServiceId)));
}

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

SocketAddress vsockAddress(std::uint32_t, std::uint32_t) {
  throw Failure{EAFNOSUPPORT, "connect", "AF_VSOCK is not available on win32"};
}

}  // namespace hvsock
