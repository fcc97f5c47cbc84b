#pragma once

#include <optional>

#include "../address/address.h"
#include "../system/descriptor.h"

namespace hvsock {

// The multiplexer of a virtual machine that a relay's unix socket is connected to. When the machine dies, its multiplexer ends or
// starts over, and all that the socket shows is a plain end-of-file. So what is left of the multiplexer decides whether that end was
// the machine's own.
class Multiplexer {
 public:
  // `address` is where `socket` was connected.
  Multiplexer(int socket, const SocketAddress& address);
  // For a process that may look at no path: with the `file` of the one before.
  Multiplexer(int socket, Descriptor file);

  // Whether its process is ending, its socket's file is removed, or no socket is bound there any more. False if that cannot be known.
  // To be asked once. Opens no connection.
  bool isGone() const;
  // Its socket's file, opened only to be looked at. While it is open, no other file gets its number.
  int file() const { return file_.get(); }

 private:
  bool processEnds() const;
  bool isRemoved() const;
  bool isBound() const;

  const std::optional<SocketAddress> address_;
  const Descriptor file_;
  const Descriptor status_;  // of its process: stays that process's, whoever gets its pid afterwards
};

}  // namespace hvsock
