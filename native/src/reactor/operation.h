#pragma once

#include <node_api.h>
#if !defined(_WIN32)
#include <poll.h>
#endif

#include <cstdint>
#include <memory>
#include <vector>

#include "../system/threads.h"
#include "../stream/socket.h"

namespace hvsock {

// What an operation waits for: one of the descriptors becomes ready, or the clock reaches `until`.
#if defined(_WIN32)
struct Wait {
  void* event = nullptr;  // a HANDLE that becomes signalled; null: only the clock
  Clock::time_point until = never;
};
#else
struct Wait {
  std::vector<pollfd> descriptors;
  Clock::time_point until = never;
};
#endif

// The work of a promise. Used on the JavaScript thread; only its Wait is read elsewhere.
class Operation {
 public:
  explicit Operation(const char* syscall) : syscall(syscall) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Does what it can without blocking. True when it is done; false after setting `wait`. Throws Failure.
  virtual bool attempt(napi_env env) = 0;
  // What the promise resolves with, once done.
  virtual napi_value result(napi_env env) = 0;
  // The promise was rejected with ECANCELED.
  virtual void canceled() {}
  // The socket it works on, if there is one already.
  virtual std::shared_ptr<Socket> socket() const { return nullptr; }
  // Whether closing this socket cancels it.
  virtual bool worksOn(const Socket* other) const { return socket().get() == other; }
  // Whether it keeps the process alive.
  virtual bool keepsAlive() const { return true; }
  // Whether it posts its own completion, instead of waiting in the reactor.
  virtual bool postsItself() const { return false; }

  const char* const syscall;
  std::uint64_t id = 0;
  napi_deferred deferred = nullptr;
  Wait wait;
};

// An operation on an open socket, which it has one use of until it is destroyed.
class SocketOperation : public Operation {
 public:
  std::shared_ptr<Socket> socket() const final { return claim_.socket(); }

 protected:
  SocketOperation(const char* syscall, std::shared_ptr<Socket> socket, Use use)
      : Operation(syscall), claim_(std::move(socket), use, syscall) {}
  auto fd() const { return claim_.socket()->fd(); }

 private:
  const Claim claim_;
};

}  // namespace hvsock
