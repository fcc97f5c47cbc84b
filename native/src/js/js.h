#pragma once

#include <node_api.h>

#include <string>
#include <string_view>

#include "../system/failure.h"

namespace hvsock {

// A JavaScript exception is pending: go back to JavaScript.
struct Thrown {};

// Throws if a Node-API call failed.
void check(napi_env env, napi_status status);

napi_value toText(napi_env env, std::string_view text);
napi_value toNumber(napi_env env, double number);
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

}  // namespace hvsock
