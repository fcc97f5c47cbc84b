#pragma once

#include "socket.h"
#include "transfer_win32.h"

namespace hvsock {

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
