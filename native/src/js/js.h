#pragma once

#include <node_api.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "../system/failure.h"

namespace hvsock {

// A JavaScript exception is pending: go back to JavaScript.
struct Thrown {};

// Throws if a Node-API call failed.
void check(napi_env env, napi_status status);

napi_value toText(napi_env env, std::string_view text);
napi_value toNumber(napi_env env, double number);
napi_value toBoolean(napi_env env, bool value);
napi_value toBytes(napi_env env, const void* data, std::size_t length);
napi_value undefined(napi_env env);
napi_value toError(napi_env env, const Failure& failure);

void set(napi_env env, napi_value object, const char* name, napi_value value);
napi_value get(napi_env env, napi_value object, const char* name);
napi_value function(napi_env env, const char* name, napi_callback callback, void* data = nullptr);

// The bytes of a Uint8Array; EINVAL for anything else.
struct Bytes {
  const char* data;
  std::size_t length;
};
Bytes bytesOf(napi_env env, const char* function, napi_value value);

napi_valuetype typeOf(napi_env env, napi_value value);
std::string fromText(napi_env env, napi_value value);

// A value as error messages show it: "\"22\"", "-1", "an object", …
std::string describe(napi_env env, napi_value value);

// Unusable arguments: "<function>: <what> must be <expected>, received <value>", code EINVAL.
[[noreturn]] void reject(napi_env env, const char* function, const std::string& what, const std::string& expected,
                         napi_value received);

// The value as a whole number in [least, most], or EINVAL.
double wholeNumber(napi_env env, const char* function, const std::string& what, napi_value value, double least,
                   double most);

// Sends the ids of operations that need attention from any thread to the JavaScript thread.
class Mailbox {
 public:
  // `take` runs on the JavaScript thread for every id, until `close`.
  Mailbox(napi_env env, void (*take)(void* context, std::uint64_t id), void* context);

  void post(std::uint64_t id);
  // Whether it keeps the event loop alive. JavaScript thread only.
  void keepAlive(napi_env env, bool alive);
  // Drops everything that is or will be posted. Must be called before the environment is gone.
  void close();

 private:
  static void deliver(napi_env env, napi_value, void* context, void*);

  void (*const take_)(void*, std::uint64_t);
  void* const context_;
  napi_threadsafe_function function_ = nullptr;
  std::mutex mutex_;
  std::vector<std::uint64_t> posted_;
  bool open_ = true;
};

}  // namespace hvsock
