#pragma once

#include <cstdint>
#include <optional>

#include "../address/address.h"
#include "../system/descriptor.h"

namespace hvsock {

// The multiplexer of a virtual machine that a relay's unix socket is connected to. When the machine dies, its multiplexer goes too,
// and all that the socket shows is a plain end-of-file. So what is left of the multiplexer decides whether that end was the machine's own.
class Multiplexer {
 public:
  // `address` is where `socket` was connected; none if it cannot be looked at any more, as in a confined relay.
  Multiplexer(int socket, const std::optional<SocketAddress>& address);

  // Whether its process is ending, or nobody or somebody else listens there. False if that cannot be known. To be asked once.
  bool isGone() const;

 private:
  struct File {
    std::uint64_t device;
    std::uint64_t inode;
    bool operator==(const File& other) const { return device == other.device && inode == other.inode; }
  };

  bool processEnds() const;
  bool listens() const;
  static std::optional<File> fileAt(const SocketAddress& address);

  const std::optional<SocketAddress> address_;
  std::optional<File> file_;  // the socket's own, as another one can come in its place
  Descriptor status_;         // of its process: stays that process's, whoever gets its pid afterwards
};

}  // namespace hvsock
