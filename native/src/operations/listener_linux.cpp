#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "operations.h"

namespace hvsock {
namespace {

// Takes the next connection; a Descriptor that is not open if there is none yet.
Descriptor accepted(int listener) {
  for (;;) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Descriptor client(accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client.isOpen()) {
      const int yes = 1;
      if (isInet(from.ss_family)) setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      return client;
    }
    if (errno == EAGAIN) return client;
    // The client is gone again: accept(2) has more of these for TCP, each about the connection that was taken.
    if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) throw Failure::last("accept");
  }
}

class Accept final : public SocketOperation {
 public:
  explicit Accept(std::shared_ptr<Socket> listener)
      : SocketOperation("accept", std::move(listener), Use::read) {}

  bool attempt(napi_env) override {
    Descriptor client = accepted(fd());
    if (!client.isOpen()) {
      wait = {{{fd(), POLLIN, 0}}};
      return false;
    }
    client_ = std::make_shared<Socket>(Socket{std::move(client)});
    return true;
  }

  napi_value result(napi_env env) override { return Handle::create(env, std::move(client_)); }

 private:
  std::shared_ptr<Socket> client_;
};

}  // namespace

Descriptor listeningOn(const SocketAddress& address, int backlog) {
  const int family = address.family();
  Descriptor fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.isOpen()) throw Failure::last("socket");
  const int yes = 1;
  // A port whose last connections are in TIME_WAIT can be used again; one with a listener cannot.
  if (isInet(family)) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  // bind gives the file the socket's own mode, less the umask: it never has another one.
  if (family == AF_UNIX && fchmod(fd.get(), 0600) != 0) throw Failure::last("fchmod");
  if (bind(fd.get(), address.get(), address.length) != 0) throw Failure::last("bind");
  if (::listen(fd.get(), backlog) != 0) throw Failure::last("listen");
  return fd;
}

Descriptor adopted(int descriptor) {
  const auto option = [descriptor](int name) {
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(descriptor, SOL_SOCKET, name, &value, &size) != 0) throw Failure::last("getsockopt");
    return value;
  };
  if (option(SO_TYPE) != SOCK_STREAM) throw Failure{EPROTOTYPE, "getsockopt", "it is not a stream socket"};
  if (option(SO_ACCEPTCONN) != 1) throw Failure{EINVAL, "getsockopt", "the socket does not listen"};
  const int status = fcntl(descriptor, F_GETFL);
  if (status < 0 || fcntl(descriptor, F_SETFL, status | O_NONBLOCK) != 0 ||
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    throw Failure::last("fcntl");
  }
  return Descriptor(descriptor);
}

std::shared_ptr<Operation> accepting(std::shared_ptr<Socket> listener) {
  return std::make_shared<Accept>(std::move(listener));
}

}  // namespace hvsock
