#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "relay_linux.h"

namespace hvsock {
namespace {

// /proc/PID/stat of the process that listens at the other end, or nothing: another user's /proc, a process in another pid namespace.
Descriptor statusOfPeer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return {};
  return Descriptor(open(("/proc/" + std::to_string(peer.pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
}

// The ninth field of /proc/PID/stat (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html); the second may hold blanks and ")".
unsigned long flagsIn(const std::string& status) {
  std::size_t at = status.rfind(')');
  for (int field = 2; field < 9 && at != std::string::npos; ++field) at = status.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoul(status.c_str() + at, nullptr, 10);
}

constexpr unsigned long exiting = 4;  // PF_EXITING: set before the kernel closes a process's descriptors

Descriptor fileAt(const SocketAddress& address) {
  return Descriptor(open(reinterpret_cast<const sockaddr_un*>(address.get())->sun_path, O_PATH | O_CLOEXEC));
}

}  // namespace

Multiplexer::Multiplexer(int socket, const SocketAddress& address)
    : address_(address), file_(fileAt(address)), status_(statusOfPeer(socket)) {}

Multiplexer::Multiplexer(int socket, Descriptor file) : file_(std::move(file)), status_(statusOfPeer(socket)) {}

bool Multiplexer::isGone() const { return processEnds() || isRemoved() || (address_ && !isBound()); }

bool Multiplexer::processEnds() const {
  if (status_.get() < 0) return false;
  char text[512];
  const ssize_t length = read(status_.get(), text, sizeof text);
  if (length < 0) return errno == ESRCH;
  return (flagsIn(std::string(text, static_cast<std::size_t>(length))) & exiting) != 0;
}

// vhost-device-vsock stays when its machine is gone, and first removes this file, then ends the connections, then listens anew.
bool Multiplexer::isRemoved() const {
  struct stat found {};
  // fstat itself is newer than the glibc that the addon needs.
  return file_.isOpen() && syscall(SYS_fstat, file_.get(), &found) == 0 && found.st_nlink == 0;
}

// Whether a socket is bound there. A datagram socket cannot connect to a multiplexer's: the kernel says that it is of another type
// (EPROTOTYPE) if it lives, and the multiplexer sees no connection. Any error but these two counts as yes.
bool Multiplexer::isBound() const {
  const Descriptor probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (probe.get() < 0 || connect(probe.get(), address_->get(), address_->length) == 0) return true;
  return errno != ECONNREFUSED && errno != ENOENT;
}

}  // namespace hvsock
