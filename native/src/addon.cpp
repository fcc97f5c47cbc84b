#include <new>

#include "address/address.h"
#include "functions.h"

namespace hvsock {
namespace {

napi_value sockaddr(Call& call) {
  const SocketAddress address = toAddress(call.env, call.function, call.argument(0));
  return toBytes(call.env, address.get(), address.length);
}

napi_value close(Call& call) {
  Handle& handle = call.handle(0);
  const std::shared_ptr<Socket> socket = std::exchange(handle.socket, nullptr);
  if (socket) Instance::of(call.env).cancelAll(socket.get());
  return undefined(call.env);
}

template <napi_value (*body)(Call&)>
void add(napi_env env, napi_value exports, const char* name) {
  set(env, exports, name, function(env, name, callback<body>, const_cast<char*>(name)));
}

void populate(napi_env env, napi_value exports) {
  Instance::create(env);
  set(env, exports, "families", families(env));
  add<sockaddr>(env, exports, "sockaddr");
  add<connect>(env, exports, "connect");
  add<read>(env, exports, "read");
  add<peek>(env, exports, "peek");
  add<write>(env, exports, "write");
  add<shutdown>(env, exports, "shutdown");
  add<close>(env, exports, "close");
  add<relay>(env, exports, "relay");
  add<relaySockets>(env, exports, "relaySockets");
  add<listen>(env, exports, "listen");
  add<adoptListener>(env, exports, "adoptListener");
  add<accept>(env, exports, "accept");
  add<socketAddress>(env, exports, "socketAddress");
  add<peerUser>(env, exports, "peerUser");
  add<peerProcess>(env, exports, "peerProcess");
  add<sendFd>(env, exports, "sendFd");
  add<socketPair>(env, exports, "socketPair");
  add<watchHangup>(env, exports, "watchHangup");
  add<rawTerminal>(env, exports, "rawTerminal");
  add<readKeys>(env, exports, "readKeys");
  add<copyAccess>(env, exports, "copyAccess");
  add<accessList>(env, exports, "accessList");
  add<hyperVMachines>(env, exports, "hyperVMachines");
  add<hyperVRights>(env, exports, "hyperVRights");
  add<confine>(env, exports, "confine");
}

}  // namespace
}  // namespace hvsock

NAPI_MODULE_INIT() {
  try {
    hvsock::populate(env, exports);
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, nullptr, "out of memory");
  } catch (...) {
    napi_throw_error(env, nullptr, "node-hvsock-native: this runtime's Node-API is not complete");
  }
  return exports;
}
