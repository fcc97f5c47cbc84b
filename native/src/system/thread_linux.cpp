#include "thread.h"

#include <pthread.h>
#include <signal.h>

#include <memory>

#include "failure.h"

namespace hvsock {
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
