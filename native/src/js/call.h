#pragma once

#include <node_api.h>

#include <exception>
#include <memory>
#include <vector>

#include "../stream/socket.h"
#include "instance.h"
#include "js.h"

namespace hvsock {

// The JavaScript object that owns a socket until `close` or the garbage collector takes it.
struct Handle {
  std::shared_ptr<Socket> socket;  // null once closed

  static napi_value create(napi_env env, std::shared_ptr<Socket> socket);
  // The Handle in a value; null if it is anything else.
  static Handle* from(napi_env env, napi_value value);
};

// One call of an exported function: its arguments, checked. Unusable ones throw EINVAL.
class Call {
 public:
  Call(napi_env env, napi_callback_info info);

  napi_value argument(std::size_t index) const { return arguments_[index]; }
  Handle& handle(std::size_t index) const;
  // The handle's socket; EBADF if it was closed.
  std::shared_ptr<Socket> socket(std::size_t index) const;
  int descriptor(std::size_t index, const char* name) const;
  double number(std::size_t index, const char* name, double least, double most) const;

  const napi_env env;
  const char* function;  // its name

  static constexpr std::size_t most = 4;

 private:
  napi_value arguments_[most];
};

constexpr double largestDelay = 2147483647;  // milliseconds

// A descriptor's number in `value`.
int toDescriptor(const Call& call, const std::string& what, napi_value value);
bool toFlag(const Call& call, const char* what, napi_value value);

// Turns a function into a Node-API callback: what it throws becomes a JavaScript exception.
template <napi_value (*body)(Call&)>
napi_value callback(napi_env env, napi_callback_info info) noexcept {
  try {
    try {
      Call call(env, info);
      return body(call);
    } catch (const Failure& failure) {
      napi_throw(env, toError(env, failure));
    } catch (const std::exception& error) {  // out of memory
      napi_throw_error(env, "ENOMEM", error.what());
    }
  } catch (...) {
    // An exception is already pending, or the environment accepts none.
  }
  return nullptr;
}

}  // namespace hvsock
