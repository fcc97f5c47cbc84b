#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cstdint>
#include <memory>

#include "failure.h"
#include "threads.h"

namespace hvsock {

Event::Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_.get() < 0) throw Failure::last("eventfd");
}

void Event::set() noexcept {
  const std::uint64_t one = 1;
  // EAGAIN is the only possible failure: then it is already set.
  while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Event::clear() noexcept {
  std::uint64_t count = 0;
  while (::read(fd_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
}

bool Event::wait(int milliseconds) const noexcept {
  const auto until = after(milliseconds);
  pollfd set{fd_.get(), POLLIN, 0};
  int found;
  do {
    found = poll(&set, 1, millisecondsUntil(until));
  } while (found < 0 && errno == EINTR);
  return found > 0;
}

namespace {

void* call(void* data) {
  std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(data));
  (*body)();
  return nullptr;
}

// A new thread inherits its creator's mask, so the mask is set around its creation.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) {
      sigdelset(&blocked, fault);
    }
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

pthread_t start(std::function<void()> body) {
  auto data = std::make_unique<std::function<void()>>(std::move(body));
  const SignalsBlocked blocked;
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, call, data.get());
  if (error != 0) throw Failure{error, "pthread_create", {}};
  static_cast<void>(data.release());
  return thread;
}

}  // namespace

Thread::Thread(std::function<void()> body) : thread_(start(std::move(body))) {}

Thread::~Thread() { pthread_join(thread_, nullptr); }

void Thread::detached(std::function<void()> body) { pthread_detach(start(std::move(body))); }

}  // namespace hvsock
