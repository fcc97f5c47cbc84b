#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "../functions.h"
#include "operations.h"

namespace hvsock {
namespace {

// https://man7.org/linux/man-pages/man7/sock_diag.7.html
struct Request {
  nlmsghdr head;
  inet_diag_req_v2 about;
};

constexpr unsigned listening = 10;  // TCP_LISTEN

struct End {
  std::uint16_t port;  // in network byte order, as the address
  const void* address;
  std::size_t length;
};

End endOf(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(storage);
    return {six.sin6_port, &six.sin6_addr, sizeof six.sin6_addr};
  }
  const auto& four = reinterpret_cast<const sockaddr_in&>(storage);
  return {four.sin_port, &four.sin_addr, sizeof four.sin_addr};
}

sockaddr_storage addressOf(int socket, int (*of)(int, sockaddr*, socklen_t*), const char* name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (of(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) throw Failure::last(name);
  if (!isInet(storage.ss_family)) throw Failure{EINVAL, name, "it is not a TCP socket"};
  return storage;
}

// The socket at the other end, whose own address is our peer's.
Request requestFor(int socket) {
  const sockaddr_storage own = addressOf(socket, getsockname, "getsockname");
  const sockaddr_storage peer = addressOf(socket, getpeername, "getpeername");
  Request request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST;
  request.about.sdiag_family = static_cast<std::uint8_t>(own.ss_family);
  request.about.sdiag_protocol = IPPROTO_TCP;
  request.about.idiag_states = ~0U;
  inet_diag_sockid& id = request.about.id;
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  const End from = endOf(peer);
  const End to = endOf(own);
  id.idiag_sport = from.port;
  id.idiag_dport = to.port;
  std::memcpy(id.idiag_src, from.address, from.length);
  std::memcpy(id.idiag_dst, to.address, to.length);
  return request;
}

// The kernel's answer to one request; nothing if it knows no such socket.
std::optional<inet_diag_msg> asked(const Request& request) {
  const Descriptor kernel(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!kernel.isOpen()) throw Failure::last("socket");
  sockaddr_nl to{};
  to.nl_family = AF_NETLINK;
  if (sendto(kernel.get(), &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) {
    throw Failure::last("sendto");
  }
  alignas(nlmsghdr) char answer[1024];
  sockaddr_nl from{};
  socklen_t size = sizeof from;
  // It answers within sendto.
  const ssize_t length =
      recvfrom(kernel.get(), answer, sizeof answer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
  if (length < 0) throw Failure::last("recvfrom");
  nlmsghdr head{};
  if (from.nl_pid != 0 || static_cast<std::size_t>(length) < sizeof head) throw Failure{EPROTO, "recvfrom", {}};
  std::memcpy(&head, answer, sizeof head);
  const std::size_t rest = static_cast<std::size_t>(length) - sizeof head;
  if (head.nlmsg_type == NLMSG_ERROR && rest >= sizeof(nlmsgerr)) {
    nlmsgerr error{};
    std::memcpy(&error, answer + sizeof head, sizeof error);
    if (error.error == -ENOENT) return std::nullopt;
    throw Failure{-error.error, "sock_diag", {}};
  }
  inet_diag_msg found{};
  if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || rest < sizeof found) throw Failure{EPROTO, "sock_diag", {}};
  std::memcpy(&found, answer + sizeof head, sizeof found);
  return found;
}

}  // namespace

napi_value peerUser(Call& call) {
  const Request request = requestFor(call.socket(0)->fd());
  const auto found = asked(request);
  const inet_diag_sockid& id = request.about.id;
  // Without the connection the kernel gives a socket that listens there; without an inode no program has it, and the user is 0.
  const bool isIt = found && found->idiag_state != listening && found->id.idiag_sport == id.idiag_sport &&
                    found->id.idiag_dport == id.idiag_dport && found->idiag_inode != 0;
  return isIt ? toNumber(call.env, found->idiag_uid) : undefined(call.env);
}

// 0: it is in a pid namespace that this process does not see, or has no credentials, as each socket but one of AF_UNIX.
napi_value peerProcess(Call& call) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(call.socket(0)->fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) throw Failure::last("getsockopt");
  return peer.pid > 0 ? toNumber(call.env, static_cast<std::uint32_t>(peer.pid)) : undefined(call.env);
}

}  // namespace hvsock
