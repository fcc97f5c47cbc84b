#include <memory>

#include "environment.h"

using engine::give;
using engine::valueOf;

// One call of a function of the addon.
struct napi_callback_info__ {
  int count;
  JSValueConst* arguments;
  JSValueConst self;
  void* data;
};

namespace {

// A function of the addon, and what it was made with.
struct Callback {
  napi_env env;
  napi_callback call;
  void* data;
};

JSValue run(JSContext* js, JSValueConst self, int count, JSValueConst* arguments, int, void* opaque) {
  const auto* callback = static_cast<Callback*>(opaque);
  const engine::HandleScope scope(callback->env);
  napi_callback_info__ info{count, arguments, self, callback->data};
  const napi_value result = callback->call(callback->env, &info);
  if (JS_HasException(js)) return JS_EXCEPTION;
  return result == nullptr ? JS_UNDEFINED : JS_DupValue(js, valueOf(callback->env, result));
}

void release(void* opaque) { delete static_cast<Callback*>(opaque); }

}  // namespace

napi_status napi_create_function(napi_env env, const char* name, size_t, napi_callback call, void* data,
                                 napi_value* result) {
  auto callback = std::make_unique<Callback>(Callback{env, call, data});
  const JSValue function = JS_NewCClosure(env->js, run, name, release, 0, 0, callback.get());
  if (!JS_IsException(function)) static_cast<void>(callback.release());
  return give(env, function, result);
}

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments,
                             napi_value* self, void** data) {
  if (count != nullptr) {
    for (std::size_t i = 0; i < *count; ++i) {
      const bool given = i < static_cast<std::size_t>(info->count);
      give(env, given ? JS_DupValue(env->js, info->arguments[i]) : JS_UNDEFINED, &arguments[i]);
    }
    *count = static_cast<std::size_t>(info->count);
  }
  if (self != nullptr) give(env, JS_DupValue(env->js, info->self), self);
  if (data != nullptr) *data = info->data;
  return napi_ok;
}
