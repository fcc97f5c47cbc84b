#include "listener.h"

#if !defined(_WIN32)
#include <arpa/inet.h>
#include <netinet/in.h>
#endif

#include "../functions.h"
#if defined(_WIN32)
#include "../stream/socket_win32.h"
#include "../system/failure_win32.h"
#endif

namespace hvsock {
namespace {

constexpr double mostWaiting = 65535;

Failure failed(const char* function) {
#if defined(_WIN32)
  return lastWinsock(function);
#else
  return Failure::last(function);
#endif
}

std::shared_ptr<Socket> owned(Descriptor descriptor) {
#if defined(_WIN32)
  return std::make_shared<WindowsSocket>(std::move(descriptor));
#else
  return std::make_shared<Socket>(Socket{std::move(descriptor)});
#endif
}

}  // namespace

napi_value listen(Call& call) {
  const SocketAddress address = toAddress(call.env, call.function, call.argument(0));
  const int backlog = static_cast<int>(call.number(1, "backlog", 1, mostWaiting));
  return Handle::create(call.env, owned(listeningOn(address, backlog)));
}

napi_value accept(Call& call) { return Instance::of(call.env).pending(accepting(call.socket(0))); }

napi_value socketAddress(Call& call) {
  const auto socket = call.socket(0);
  const bool peer = call.number(1, "end", 0, 1) == 1;
  SocketAddress address;
  address.length = sizeof address.storage;
  auto* to = reinterpret_cast<sockaddr*>(&address.storage);
  if ((peer ? getpeername : getsockname)(socket->fd(), to, &address.length) != 0) throw failed(call.function);
  const bool six = address.family() == AF_INET6;
  if (!six && address.family() != AF_INET) return undefined(call.env);
  const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
  const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  char host[INET6_ADDRSTRLEN] = "";
  if (inet_ntop(address.family(), six ? static_cast<const void*>(&in6->sin6_addr) : &in->sin_addr, host,
                sizeof host) == nullptr) {
    throw failed(call.function);
  }
  napi_value object = nullptr;
  check(call.env, napi_create_object(call.env, &object));
  set(call.env, object, "host", toText(call.env, host));
  set(call.env, object, "port", toNumber(call.env, ntohs(six ? in6->sin6_port : in->sin_port)));
  return object;
}

}  // namespace hvsock
