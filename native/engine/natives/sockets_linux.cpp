#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "../../src/system/descriptor.h"
#include "modules.h"

namespace engine {
namespace {

using hvsock::Descriptor;

struct UnixAddress {
  sockaddr_un address{};
  socklen_t length;

  UnixAddress(const char* call, const std::string& path) {
    if (path.size() >= sizeof address.sun_path) throw SystemFailure{ENAMETOOLONG, call, path};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    length = sizeof address;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Descriptor newSocket() {
  return Descriptor(succeeded(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
}

// A unix socket connects at once, or not at all.
JSValue connect(Call& call) {
  const std::string path = call.word(0);
  const UnixAddress address("connect", path);
  Descriptor socket = newSocket();
  succeeded(::connect(socket.get(), address.get(), address.length), "connect", path);
  return JS_NewInt32(call.js, socket.release());
}

JSValue listen(Call& call) {
  const std::string path = call.word(0);
  const UnixAddress address("listen", path);
  Descriptor socket = newSocket();
  succeeded(bind(socket.get(), address.get(), address.length), "listen", path);
  succeeded(::listen(socket.get(), SOMAXCONN), "listen", path);
  return JS_NewInt32(call.js, socket.release());
}

JSValue accept(Call& call) {
  return JS_NewInt32(call.js, succeeded(accept4(call.integer(0), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
}

// Two sockets that are connected with each other.
JSValue pair(Call& call) {
  int both[2];
  succeeded(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), "socketpair");
  Value array(call.js, checked(JS_NewArray(call.js)));
  append(call.js, array.get(), 0, JS_NewInt32(call.js, both[0]));
  append(call.js, array.get(), 1, JS_NewInt32(call.js, both[1]));
  return array.release();
}

JSValue shutdownWriting(Call& call) {
  succeeded(shutdown(call.integer(0), SHUT_WR), "shutdown");
  return JS_UNDEFINED;
}

// 4 or 6 for the text of an address, else 0.
JSValue isIP(Call& call) {
  const std::string text = call.text(0);
  unsigned char address[16];
  const bool plain = text.find('\0') == std::string::npos;
  if (plain && inet_pton(AF_INET, text.c_str(), address) == 1) return JS_NewInt32(call.js, 4);
  const std::size_t percent = text.find('%');
  const bool scoped = percent == std::string::npos || percent + 1 < text.size();
  const bool six = plain && scoped && inet_pton(AF_INET6, text.substr(0, percent).c_str(), address) == 1;
  return JS_NewInt32(call.js, six ? 6 : 0);
}

// getent(1) is asked: a static program has no NSS.
JSValue lookup(Call&) { throw SystemFailure{ENOSYS, "getaddrinfo"}; }

constexpr Native functions[] = {
    {"connect", native<connect>},
    {"listen", native<listen>},
    {"accept", native<accept>},
    {"pair", native<pair>},
    {"shutdownWriting", native<shutdownWriting>},
    {"isIP", native<isIP>},
    {"lookup", native<lookup>},
};

}  // namespace

const NativeModule socketsModule = nativeModule("engine:sockets", functions);

}  // namespace engine
