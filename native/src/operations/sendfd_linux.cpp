#include <fcntl.h>
#include <sys/socket.h>

#include <cstring>

#include "../functions.h"

namespace hvsock {
namespace {

constexpr int patience = 5000;  // milliseconds for the receiver to make room

// Clears O_NONBLOCK: the flag belongs to the socket, not to the descriptor, and the receiver expects a blocking one.
class Blocking {
 public:
  explicit Blocking(int fd) : fd_(fd), before_(fcntl(fd, F_GETFL)) { fcntl(fd_, F_SETFL, before_ & ~O_NONBLOCK); }
  ~Blocking() {
    if (!kept_) fcntl(fd_, F_SETFL, before_);
  }
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;
  void keep() { kept_ = true; }

 private:
  const int fd_;
  const int before_;
  bool kept_ = false;
};

// One NUL byte with the descriptor, as OpenSSH's ProxyUseFdpass receives it (monitor_fdpass.c).
void send(int over, int fd) {
  char nul = 0;
  iovec data{&nul, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);

  const auto deadline = after(patience);
  while (sendmsg(over, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw Failure::last("sendmsg");
    if (Clock::now() >= deadline) throw Failure{ETIMEDOUT, "sendmsg", "the receiver takes no descriptor"};
    pollfd room{over, POLLOUT, 0};
    poll(&room, 1, 100);
  }
}

// Another socket than one of AF_UNIX takes the byte, and drops the descriptor without an error.
void requireUnix(int over) {
  int family = 0;
  socklen_t size = sizeof family;
  if (getsockopt(over, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) throw Failure::last("getsockopt");
  if (family != AF_UNIX) throw Failure{EAFNOSUPPORT, "sendmsg", "only a unix socket takes a descriptor"};
}

}  // namespace

napi_value sendFd(Call& call) {
  const int over = call.descriptor(0, "over");
  const auto socket = call.socket(1);
  requireUnix(over);
  Blocking blocking(socket->fd());
  send(over, socket->fd());
  blocking.keep();
  return undefined(call.env);
}

napi_value socketPair(Call& call) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw Failure::last("socketpair");
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) throw Failure::last("fcntl");
  napi_value pair = nullptr;
  check(call.env, napi_create_object(call.env, &pair));
  set(call.env, pair, "handle", Handle::create(call.env, std::make_shared<Socket>(Socket{std::move(ours)})));
  set(call.env, pair, "descriptor", toNumber(call.env, theirs.get()));
  set(call.env, pair, "peer", Handle::create(call.env, std::make_shared<Socket>(Socket{std::move(theirs)})));
  return pair;
}

}  // namespace hvsock
