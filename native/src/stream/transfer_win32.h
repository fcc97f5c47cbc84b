#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../system/threads.h"

namespace hvsock {

// The state of one transfer of a channel.
struct Outcome {
  enum class Kind { pending, moved, ended, failed } kind;
  std::size_t length = 0;  // of `moved`
  int error = 0;           // of `failed`: a WSA code for a socket, a Win32 code for anything else
};

// Something bytes are read from or written to, one transfer at a time. The buffer must stay in place until there is an outcome.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void beginRead(char* to, std::size_t most) = 0;
  virtual void beginWrite(const char* from, std::size_t length) = 0;
  // The transfer's outcome. After anything but `pending` none is running.
  virtual Outcome outcome() = 0;
  // Signalled once there is an outcome.
  virtual HANDLE event() const = 0;
  // Cancels what is running, and waits for that a while. False: it still runs, and its buffer must stay in place.
  virtual bool cancel() noexcept = 0;
};

// Overlapped calls on a socket. It does not own the socket.
class SocketChannel final : public Channel {
 public:
  explicit SocketChannel(SOCKET socket) : socket_(socket) {}
  void beginRead(char* to, std::size_t most) override;
  void beginWrite(const char* from, std::size_t length) override;
  Outcome outcome() override;
  HANDLE event() const override { return done_.handle(); }
  bool cancel() noexcept override;

 private:
  void begun(int result);
  OVERLAPPED& fresh();

  const SOCKET socket_;
  Event done_;
  OVERLAPPED overlapped_{};
  bool reads_ = false;
  bool underWay_ = false;
  int error_ = 0;
};

// A buffer of bytes read from a channel and not taken yet. Used by one thread at a time.
class Intake {
 public:
  explicit Intake(std::unique_ptr<Channel> channel);
  // Cancels what is running.
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  static constexpr std::size_t capacity = 256 * 1024;

  // Collects what came, and reads on if there is room. True if anything is new.
  bool advance();
  // Collects what came, without reading on.
  bool collect();

  const char* data() const { return storage_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  void take(std::size_t length) { begin_ += length; }
  // Keeps the bytes in place while somebody writes from there.
  void pin(bool pinned) { pinned_ = pinned; }

  bool isReading() const { return reading_; }
  bool isEnded() const { return ended_; }
  int error() const { return error_; }
  HANDLE event() const { return channel_->event(); }

 private:
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<char[]> storage_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool reading_ = false;
  bool pinned_ = false;
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace hvsock
