#include "functions.h"
#include "stdio_win32.h"

namespace hvsock {
namespace {

constexpr double pause = 50;  // milliseconds; Windows has no event for a pipe whose other end was closed

class WatchHangup final : public Operation {
 public:
  explicit WatchHangup(std::vector<HANDLE> handles) : Operation("poll"), handles_(std::move(handles)) {}

  bool attempt(napi_env) override {
    for (const HANDLE handle : handles_) {
      if (otherEndClosed(handle)) return true;
    }
    wait = {nullptr, after(pause)};
    return false;
  }

  napi_value result(napi_env env) override { return undefined(env); }
  bool keepsAlive() const override { return false; }

 private:
  const std::vector<HANDLE> handles_;
};

// A descriptor that is not open at all: a rejection, as on other systems.
class NotOpen final : public Operation {
 public:
  explicit NotOpen(Failure failure) : Operation("poll"), failure_(std::move(failure)) {}
  bool attempt(napi_env) override { throw failure_; }
  napi_value result(napi_env env) override { return undefined(env); }

 private:
  const Failure failure_;
};

}  // namespace

napi_value watchHangup(Call& call) {
  const napi_value list = call.argument(0);
  bool array = false;
  check(call.env, napi_is_array(call.env, list, &array));
  if (!array) reject(call.env, call.function, "descriptors", "an array", list);
  std::uint32_t length = 0;
  check(call.env, napi_get_array_length(call.env, list, &length));
  std::vector<int> descriptors;
  for (std::uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check(call.env, napi_get_element(call.env, list, i, &element));
    descriptors.push_back(toDescriptor(call, "descriptors[" + std::to_string(i) + "]", element));
  }
  std::vector<HANDLE> handles;
  Instance& instance = Instance::of(call.env);
  try {
    for (const int descriptor : descriptors) handles.push_back(standardHandle(descriptor, "poll"));
  } catch (const Failure& failure) {
    return instance.pending(std::make_shared<NotOpen>(failure));
  }
  return instance.pending(std::make_shared<WatchHangup>(std::move(handles)));
}

}  // namespace hvsock
