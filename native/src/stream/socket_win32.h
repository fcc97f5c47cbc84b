#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <hvsocket.h>

#include "socket.h"
#include "transfer_win32.h"

// Not in the winsock2.h of every mingw-w64.
#if !defined(AF_HYPERV)
#define AF_HYPERV 34
#endif

namespace hvsock {

static_assert(HV_PROTOCOL_RAW == 1);
static_assert(HVSOCKET_CONNECTED_SUSPEND == 4);

// The protocol of a stream socket of this family.
inline int streamProtocol(int family) { return family == AF_HYPERV ? HV_PROTOCOL_RAW : 0; }

// A connection then outlives a pause of its machine. Without the option it breaks, as is the system's default.
inline void keepWhilePaused(SOCKET socket) {
  const ULONG yes = 1;
  setsockopt(socket, HV_PROTOCOL_RAW, HVSOCKET_CONNECTED_SUSPEND, reinterpret_cast<const char*>(&yes), sizeof yes);
}

// Starts Winsock once, before any other call of it.
void startWinsock();

// A socket with the bytes received on it and not read yet: hvsock may not know MSG_PEEK, and a canceled read loses nothing.
struct WindowsSocket final : Socket {
  explicit WindowsSocket(Descriptor descriptor) : Socket{std::move(descriptor)}, received(new Intake(channel())) {}

  static WindowsSocket& of(const std::shared_ptr<Socket>& socket) { return static_cast<WindowsSocket&>(*socket); }

  std::unique_ptr<Channel> channel() const { return std::make_unique<SocketChannel>(fd()); }

  // Destroyed before the descriptor.
  std::unique_ptr<Intake> received;
};

}  // namespace hvsock
