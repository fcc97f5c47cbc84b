#include "environment.h"

#include <memory>

#include "../core/value.h"

// The addon's own.
extern "C" napi_value napi_register_module_v1(napi_env env, napi_value exports);

namespace engine {
namespace {

std::unique_ptr<napi_env__> environment;

}  // namespace

HandleScope::~HandleScope() {
  while (env_->handles.size() > size_) {
    JS_FreeValue(env_->js, env_->handles.back());
    env_->handles.pop_back();
  }
}

JSValueConst valueOf(napi_env env, napi_value handle) { return env->handles[reinterpret_cast<std::size_t>(handle)]; }

napi_status give(napi_env env, JSValue owned, napi_value* result) {
  if (JS_IsException(owned)) return napi_pending_exception;
  *result = reinterpret_cast<napi_value>(env->handles.size());
  env->handles.push_back(owned);
  return napi_ok;
}

napi_status statusOf(int result) { return result < 0 ? napi_pending_exception : napi_ok; }

JSValue napiExports(JSContext* js) {
  if (!environment) {
    environment = std::make_unique<napi_env__>();
    environment->js = js;
    defineAttachments(environment.get());
  }
  const napi_env env = environment.get();
  const HandleScope scope(env);
  napi_value exports = nullptr;
  napi_create_object(env, &exports);
  const napi_value result = napi_register_module_v1(env, exports);
  if (JS_HasException(js)) throw Thrown{};
  return JS_DupValue(js, valueOf(env, result));
}

// The hooks end the threads; the process's exit frees the rest.
void napiCleanUp() {
  while (environment && !environment->hooks.empty()) {
    const auto [hook, data] = environment->hooks.back();
    environment->hooks.pop_back();
    hook(data);
  }
}

}  // namespace engine

napi_status napi_set_instance_data(napi_env env, void* data, napi_finalize, void*) {
  env->instance = data;  // for as long as the process
  return napi_ok;
}

napi_status napi_get_instance_data(napi_env env, void** result) {
  *result = env->instance;
  return napi_ok;
}

napi_status napi_add_env_cleanup_hook(napi_env env, void (*hook)(void*), void* data) {
  env->hooks.emplace_back(hook, data);
  return napi_ok;
}

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
