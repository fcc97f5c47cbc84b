#include "functions.h"

namespace hvsock {
namespace {

class WatchHangup final : public Operation {
 public:
  explicit WatchHangup(std::vector<pollfd> descriptors) : Operation("poll") {
    wait.descriptors = std::move(descriptors);
  }

  bool attempt(napi_env) override {
    std::vector<pollfd>& watched = wait.descriptors;
    if (poll(watched.data(), watched.size(), 0) < 0) throw Failure::last(syscall);
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

napi_value watchHangup(Call& call) {
  const napi_value list = call.argument(0);
  bool array = false;
  check(call.env, napi_is_array(call.env, list, &array));
  if (!array) reject(call.env, call.function, "descriptors", "an array", list);
  std::uint32_t length = 0;
  check(call.env, napi_get_array_length(call.env, list, &length));
  std::vector<pollfd> descriptors;
  for (std::uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check(call.env, napi_get_element(call.env, list, i, &element));
    // POLLHUP and POLLERR are always told of.
    descriptors.push_back({toDescriptor(call, "descriptors[" + std::to_string(i) + "]", element), POLLRDHUP, 0});
  }
  return Instance::of(call.env).pending(std::make_shared<WatchHangup>(std::move(descriptors)));
}

}  // namespace hvsock
