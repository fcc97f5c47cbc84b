#include "../operations/operations.h"
#include "stdio_win32.h"

namespace hvsock {
namespace {

constexpr double pause = 50;  // milliseconds; Windows has no event for a pipe whose other end was closed

class WatchHangup final : public Operation {
 public:
  explicit WatchHangup(const std::vector<int>& descriptors) : Operation("poll"), descriptors_(descriptors) {}

  bool attempt(napi_env) override {
    // Once: a relay may close what is watched.
    if (handles_.empty()) {
      for (const int descriptor : descriptors_) handles_.push_back(standardHandle(descriptor, syscall));
    }
    for (const HANDLE handle : handles_) {
      if (otherEndClosed(handle)) return true;
    }
    wait = {nullptr, after(pause)};
    return false;
  }

  napi_value result(napi_env env) override { return undefined(env); }
  bool keepsAlive() const override { return false; }

 private:
  const std::vector<int> descriptors_;
  std::vector<HANDLE> handles_;
};

}  // namespace

std::shared_ptr<Operation> watchingHangup(const std::vector<int>& descriptors) {
  return std::make_shared<WatchHangup>(descriptors);
}

}  // namespace hvsock
