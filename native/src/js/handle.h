#pragma once

#include <node_api.h>

#include <memory>

#include "../stream/socket.h"

namespace hvsock {

// The JavaScript object that owns a socket until `close` or the garbage collector takes it.
struct Handle {
  std::shared_ptr<Socket> socket;  // null once closed

  static napi_value create(napi_env env, std::shared_ptr<Socket> socket);
  // The Handle in a value; null if it is anything else.
  static Handle* from(napi_env env, napi_value value);
};

}  // namespace hvsock
