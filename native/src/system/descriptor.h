#pragma once

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <unistd.h>
#endif

#include <utility>

namespace hvsock {

// Owns a file descriptor; on Windows a SOCKET.
class Descriptor {
 public:
#if defined(_WIN32)
  using Number = SOCKET;
  static constexpr Number none = INVALID_SOCKET;
#else
  using Number = int;
  static constexpr Number none = -1;
#endif

  Descriptor() = default;
  explicit Descriptor(Number fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, none)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (!isOpen()) return;
#if defined(_WIN32)
    closesocket(fd_);
#else
    ::close(fd_);
#endif
  }

  Number get() const { return fd_; }
  // The caller must close it.
  Number release() { return std::exchange(fd_, none); }
  bool isOpen() const { return fd_ != none; }

 private:
  Number fd_ = none;
};

}  // namespace hvsock
