#include "functions.h"

#include "operations/operations.h"

namespace hvsock {
namespace {

// An address that could not be made on this system: a rejection, not a mistake in the call.
class Unsupported final : public Operation {
 public:
  explicit Unsupported(Failure failure) : Operation("connect"), failure_(std::move(failure)) {}
  bool attempt(napi_env) override { throw failure_; }
  napi_value result(napi_env env) override { return undefined(env); }

 private:
  const Failure failure_;
};

std::shared_ptr<Operation> connectingTo(const Call& call, napi_value address, double timeout) {
  try {
    return connecting(toAddress(call.env, call.function, address), timeout);
  } catch (const Failure& failure) {
    if (failure.number != EAFNOSUPPORT) throw;
    return std::make_shared<Unsupported>(failure);
  }
}

}  // namespace

napi_value connect(Call& call) {
  const double timeout = call.number(1, "timeoutMs", 1, largestDelay);
  return Instance::of(call.env).pending(connectingTo(call, call.argument(0), timeout));
}

napi_value read(Call& call) {
  auto socket = call.socket(0);
  const double most = call.number(1, "max", 1, UINT32_MAX);
  return Instance::of(call.env).promise(reading(std::move(socket), static_cast<std::size_t>(most)));
}

napi_value peek(Call& call) {
  auto socket = call.socket(0);
  const double known = call.number(1, "known", 0, UINT32_MAX);
  const double most = call.number(2, "max", 1, UINT32_MAX);
  const double timeout = call.number(3, "timeoutMs", 0, largestDelay);
  return Instance::of(call.env).pending(
      peeking(std::move(socket), static_cast<std::size_t>(known), static_cast<std::size_t>(most), timeout));
}

napi_value write(Call& call) {
  auto socket = call.socket(0);
  bytesOf(call.env, call.function, call.argument(1));
  return Instance::of(call.env).promise(writing(call.env, std::move(socket), call.argument(1)));
}

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
  return Instance::of(call.env).pending(watchingHangup(descriptors));
}

}  // namespace hvsock
