#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <string>

#include "../js/js.h"
#include "../operations/operations.h"

namespace hvsock {
namespace {

constexpr int terminal = STDIN_FILENO;
constexpr std::size_t most = 256;  // bytes at once

std::mutex mutex;
std::optional<termios> before;

class ReadKeys final : public Operation {
 public:
  ReadKeys() : Operation("read") {}

  bool attempt(napi_env) override {
    pollfd set{terminal, POLLIN, 0};
    if (poll(&set, 1, 0) <= 0) {
      wait = {{set}};
      return false;
    }
    char bytes[most];
    ssize_t length;
    do {
      length = ::read(terminal, bytes, sizeof bytes);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && errno != EIO) throw Failure::last(syscall);  // EIO: the terminal is gone
    bytes_.assign(bytes, length > 0 ? static_cast<std::size_t>(length) : 0);
    return true;
  }

  napi_value result(napi_env env) override { return toBytes(env, bytes_.data(), bytes_.size()); }

 private:
  std::string bytes_;
};

class WatchHangup final : public Operation {
 public:
  explicit WatchHangup(const std::vector<int>& descriptors) : Operation("poll") {
    // POLLHUP and POLLERR are always reported.
    for (const int descriptor : descriptors) wait.descriptors.push_back({descriptor, POLLRDHUP, 0});
  }

  bool attempt(napi_env) override {
    std::vector<pollfd>& watched = wait.descriptors;
    int found;
    do {
      found = poll(watched.data(), watched.size(), 0);
    } while (found < 0 && errno == EINTR);  // a signal interrupts even one that does not wait
    if (found < 0) throw Failure::last(syscall);
    bool hungUp = false;
    for (const pollfd& one : watched) {
      if (one.revents & POLLNVAL) {
        throw Failure{EBADF, syscall, "descriptor " + std::to_string(one.fd) + " is not open"};
      }
      hungUp |= one.revents != 0;
    }
    return hungUp;
  }

  napi_value result(napi_env env) override { return undefined(env); }
  bool keepsAlive() const override { return false; }
};

}  // namespace

void makeTerminalRaw(const char* function) {
  const std::lock_guard lock(mutex);
  termios now{};
  if (tcgetattr(terminal, &now) != 0) throw Failure::last(function);
  if (!before) before = now;
  now.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IXON);
  now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
  now.c_cc[VMIN] = 1;
  now.c_cc[VTIME] = 0;
  if (tcsetattr(terminal, TCSADRAIN, &now) != 0) throw Failure::last(function);
}

void restoreTerminal() noexcept {
  const std::lock_guard lock(mutex);
  if (before) tcsetattr(terminal, TCSADRAIN, &*before);
  before.reset();
}

std::shared_ptr<Operation> readingKeys() { return std::make_shared<ReadKeys>(); }

std::shared_ptr<Operation> watchingHangup(const std::vector<int>& descriptors) {
  return std::make_shared<WatchHangup>(descriptors);
}

}  // namespace hvsock
