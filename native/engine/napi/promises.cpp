#include <memory>

#include "../core/value.h"
#include "environment.h"

using engine::give;
using engine::Value;
using engine::valueOf;

// The two functions that settle a promise.
struct napi_deferred__ {
  Value resolve;
  Value reject;
};

namespace {

napi_status settle(napi_env env, const Value& function, napi_value value) {
  JSValueConst argument = valueOf(env, value);
  const JSValue result = JS_Call(env->js, function.get(), JS_UNDEFINED, 1, &argument);
  const bool failed = JS_IsException(result);
  JS_FreeValue(env->js, result);
  return failed ? napi_pending_exception : napi_ok;
}

}  // namespace

napi_status napi_create_promise(napi_env env, napi_deferred* deferred, napi_value* result) {
  JSValue functions[2];
  const JSValue promise = JS_NewPromiseCapability(env->js, functions);
  if (JS_IsException(promise)) return napi_pending_exception;
  *deferred = new napi_deferred__{{env->js, functions[0]}, {env->js, functions[1]}};
  return give(env, promise, result);
}

napi_status napi_resolve_deferred(napi_env env, napi_deferred deferred, napi_value value) {
  const std::unique_ptr<napi_deferred__> owned(deferred);
  return settle(env, owned->resolve, value);
}

napi_status napi_reject_deferred(napi_env env, napi_deferred deferred, napi_value value) {
  const std::unique_ptr<napi_deferred__> owned(deferred);
  return settle(env, owned->reject, value);
}
