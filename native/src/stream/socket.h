#pragma once

#include <memory>

#include "../system/descriptor.h"
#include "../system/failure.h"

namespace hvsock {

// What a socket can be busy with, each by one operation at a time.
enum class Use : unsigned { read = 1, peek = 2, write = 4, relay = 8 };

// An open, connected socket. Handles, pending operations and threads share it; the last of them closes it.
struct Socket {
  Descriptor descriptor;
  unsigned uses = 0;  // used only by the JavaScript thread

  auto fd() const { return descriptor.get(); }
};

// Holds one use of a socket, or throws EALREADY. A relay needs the socket for itself.
class Claim {
 public:
  Claim(std::shared_ptr<Socket> socket, Use use, const char* syscall)
      : socket_(std::move(socket)), use_(static_cast<unsigned>(use)) {
    const unsigned rivals = use == Use::relay ? ~0u : use_ | static_cast<unsigned>(Use::relay);
    if (socket_->uses & rivals) throw Failure{EALREADY, syscall, "the handle is busy with another operation"};
    socket_->uses |= use_;
  }
  ~Claim() { socket_->uses &= ~use_; }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  const std::shared_ptr<Socket>& socket() const { return socket_; }

 private:
  std::shared_ptr<Socket> socket_;
  unsigned use_;
};

}  // namespace hvsock
