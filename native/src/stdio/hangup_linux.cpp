#include "../operations/operations.h"

namespace hvsock {
namespace {

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

std::shared_ptr<Operation> watchingHangup(const std::vector<int>& descriptors) {
  return std::make_shared<WatchHangup>(descriptors);
}

}  // namespace hvsock
