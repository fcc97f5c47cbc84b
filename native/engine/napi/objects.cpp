#include <cstdint>

#include "environment.h"

using engine::give;
using engine::statusOf;
using engine::valueOf;

napi_status napi_create_object(napi_env env, napi_value* result) { return give(env, JS_NewObject(env->js), result); }

napi_status napi_create_array(napi_env env, napi_value* result) { return give(env, JS_NewArray(env->js), result); }

napi_status napi_get_named_property(napi_env env, napi_value object, const char* name, napi_value* result) {
  return give(env, JS_GetPropertyStr(env->js, valueOf(env, object), name), result);
}

napi_status napi_set_named_property(napi_env env, napi_value object, const char* name, napi_value value) {
  const JSValue copy = JS_DupValue(env->js, valueOf(env, value));
  return statusOf(JS_SetPropertyStr(env->js, valueOf(env, object), name, copy));
}

napi_status napi_is_array(napi_env env, napi_value value, bool* result) {
  *result = JS_IsArray(valueOf(env, value));
  return napi_ok;
}

napi_status napi_get_array_length(napi_env env, napi_value array, uint32_t* result) {
  std::int64_t length = 0;
  if (JS_GetLength(env->js, valueOf(env, array), &length) < 0) return napi_pending_exception;
  *result = static_cast<std::uint32_t>(length);
  return napi_ok;
}

napi_status napi_get_element(napi_env env, napi_value array, uint32_t index, napi_value* result) {
  return give(env, JS_GetPropertyUint32(env->js, valueOf(env, array), index), result);
}

napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value) {
  const JSValue copy = JS_DupValue(env->js, valueOf(env, value));
  return statusOf(JS_SetPropertyUint32(env->js, valueOf(env, array), index, copy));
}

napi_status napi_is_typedarray(napi_env env, napi_value value, bool* result) {
  *result = JS_GetTypedArrayType(valueOf(env, value)) >= 0;
  return napi_ok;
}

// The addon only distinguishes Uint8Arrays from other typed arrays.
napi_status napi_get_typedarray_info(napi_env env, napi_value array, napi_typedarray_type* type, size_t* length,
                                     void** data, napi_value*, size_t*) {
  const bool bytes = JS_GetTypedArrayType(valueOf(env, array)) == JS_TYPED_ARRAY_UINT8;
  *type = bytes ? napi_uint8_array : napi_int8_array;
  if (!bytes) return napi_ok;
  *data = JS_GetUint8Array(env->js, length, valueOf(env, array));
  return *data == nullptr && JS_HasException(env->js) ? napi_pending_exception : napi_ok;
}

// A Buffer, as the global of that name makes it: its prototype is all that makes a Uint8Array one.
napi_status napi_create_buffer_copy(napi_env env, size_t length, const void* data, void** copy, napi_value* result) {
  JSContext* js = env->js;
  const JSValue bytes = JS_NewUint8ArrayCopy(js, static_cast<const std::uint8_t*>(data), length);
  if (JS_IsException(bytes)) return napi_pending_exception;
  const JSValue global = JS_GetGlobalObject(js);
  const JSValue buffer = JS_GetPropertyStr(js, global, "Buffer");
  const JSValue prototype = JS_GetPropertyStr(js, buffer, "prototype");
  const int changed = JS_SetPrototype(js, bytes, prototype);
  for (const JSValue each : {global, buffer, prototype}) JS_FreeValue(js, each);
  if (changed < 0) {
    JS_FreeValue(js, bytes);
    return napi_pending_exception;
  }
  std::size_t size = 0;
  if (copy != nullptr) *copy = JS_GetUint8Array(js, &size, bytes);
  return give(env, bytes, result);
}
