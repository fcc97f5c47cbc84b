#include "functions.h"

#include <cstdlib>
#include <new>
#include <string>

#include "address/address.h"
#include "operations/operations.h"
#include "own_process.h"
#if defined(_WIN32)
#include "stream/socket_win32.h"
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

// An address that could not be made on this system: a rejection, not a mistake in the call.
class Unsupported final : public Operation {
 public:
  explicit Unsupported(Failure failure) : Operation("connect"), failure_(std::move(failure)) {}
  bool attempt(napi_env) override { throw failure_; }
  napi_value result(napi_env env) override { return undefined(env); }

 private:
  const Failure failure_;
};

std::shared_ptr<Operation> connectingTo(const Call& call, napi_value address, double timeout) {
  try {
    return connecting(toAddress(call.env, call.function, address), timeout);
  } catch (const Failure& failure) {
    if (failure.number != EAFNOSUPPORT) throw;
    return std::make_shared<Unsupported>(failure);
  }
}

napi_value connect(Call& call) {
  const double timeout = call.number(1, "timeoutMs", 1, largestDelay);
  return Instance::of(call.env).pending(connectingTo(call, call.argument(0), timeout));
}

napi_value read(Call& call) {
  auto socket = call.socket(0);
  const double most = call.number(1, "max", 1, UINT32_MAX);
  return Instance::of(call.env).promise(reading(std::move(socket), static_cast<std::size_t>(most)));
}

napi_value peek(Call& call) {
  auto socket = call.socket(0);
  const double known = call.number(1, "known", 0, UINT32_MAX);
  const double most = call.number(2, "max", 1, UINT32_MAX);
  const double timeout = call.number(3, "timeoutMs", 0, largestDelay);
  return Instance::of(call.env).pending(
      peeking(std::move(socket), static_cast<std::size_t>(known), static_cast<std::size_t>(most), timeout));
}

napi_value write(Call& call) {
  auto socket = call.socket(0);
  bytesOf(call.env, call.function, call.argument(1));
  return Instance::of(call.env).promise(writing(call.env, std::move(socket), call.argument(1)));
}

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

napi_value watchHangup(Call& call) {
  const napi_value list = call.argument(0);
  bool array = false;
  check(call.env, napi_is_array(call.env, list, &array));
  if (!array) reject(call.env, call.function, "descriptors", "an array", list);
  std::uint32_t length = 0;
  check(call.env, napi_get_array_length(call.env, list, &length));
  std::vector<int> descriptors;
  for (std::uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check(call.env, napi_get_element(call.env, list, i, &element));
    descriptors.push_back(toDescriptor(call, "descriptors[" + std::to_string(i) + "]", element));
  }
  return Instance::of(call.env).pending(watchingHangup(descriptors));
}

constexpr struct {
  const char* name;
  Profile profile;
} names[] = {
    {"read", Profile::read},
    {"serve", Profile::serve},
    {"serve-path", Profile::servePath},
    {"write", Profile::write},
};

Profile toProfile(const Call& call, napi_value value) {
  const std::string text = typeOf(call.env, value) == napi_string ? fromText(call.env, value) : "";
  for (const auto& each : names) {
    if (text == each.name) return each.profile;
  }
  reject(call.env, call.function, "profile", "\"read\", \"serve\", \"serve-path\" or \"write\"", value);
}

napi_value confine(Call& call) {
  return toBoolean(call.env, confine(toProfile(call, call.argument(0))));
}

napi_value rawTerminal(Call& call) {
  if (!toFlag(call, "raw", call.argument(0))) {
    restoreTerminal();
    return undefined(call.env);
  }
  // Node runs exit handlers, and the executable's engine its hooks: the terminal is as before however the program ends.
  static const bool atExit = [&] {
    std::atexit(restoreTerminal);
    return napi_add_env_cleanup_hook(call.env, [](void*) { restoreTerminal(); }, nullptr) == napi_ok;
  }();
  if (!atExit) throw Failure{ENOSYS, call.function, "no cleanup hook"};
  makeTerminalRaw(call.function);
  return undefined(call.env);
}

napi_value readKeys(Call& call) { return Instance::of(call.env).pending(readingKeys()); }

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
