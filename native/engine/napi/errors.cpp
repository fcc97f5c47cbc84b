#include <cstring>

#include "environment.h"

using engine::give;
using engine::valueOf;

napi_status napi_create_error(napi_env env, napi_value code, napi_value message, napi_value* result) {
  JSContext* js = env->js;
  const JSValue error = JS_NewError(js);
  if (JS_IsException(error)) return napi_pending_exception;
  constexpr int hidden = JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE;
  JS_DefinePropertyValueStr(js, error, "message", JS_DupValue(js, valueOf(env, message)), hidden);
  if (code != nullptr) JS_SetPropertyStr(js, error, "code", JS_DupValue(js, valueOf(env, code)));
  return give(env, error, result);
}

napi_status napi_throw(napi_env env, napi_value error) {
  JS_Throw(env->js, JS_DupValue(env->js, valueOf(env, error)));
  return napi_ok;
}

napi_status napi_throw_error(napi_env env, const char* code, const char* message) {
  const engine::HandleScope scope(env);
  napi_value codeValue = nullptr;
  napi_value messageValue = nullptr;
  napi_value error = nullptr;
  if (code != nullptr) napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &codeValue);
  napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &messageValue);
  if (const napi_status status = napi_create_error(env, codeValue, messageValue, &error); status != napi_ok) {
    return status;
  }
  return napi_throw(env, error);
}

napi_status napi_is_exception_pending(napi_env env, bool* result) {
  *result = JS_HasException(env->js);
  return napi_ok;
}
