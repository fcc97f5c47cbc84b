#include "listener.h"

#include "../functions.h"
#if defined(_WIN32)
#include "../stream/socket_win32.h"
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

napi_value adoptListener(Call& call) {
  return Handle::create(call.env, owned(adopted(call.descriptor(0, "descriptor"))));
}

napi_value accept(Call& call) { return Instance::of(call.env).pending(accepting(call.socket(0))); }

napi_value socketAddress(Call& call) {
  const auto socket = call.socket(0);
  const bool peer = call.number(1, "end", 0, 1) == 1;
  SocketAddress address;
  address.length = sizeof address.storage;
  auto* to = reinterpret_cast<sockaddr*>(&address.storage);
  if ((peer ? getpeername : getsockname)(socket->fd(), to, &address.length) != 0) throw failed(call.function);
  return fromAddress(call.env, address);
}

}  // namespace hvsock
