#include <algorithm>
#include <cstdint>
#include <cstring>

#include "../core/value.h"
#include "environment.h"

using engine::give;
using engine::statusOf;
using engine::valueOf;

napi_status napi_get_undefined(napi_env env, napi_value* result) { return give(env, JS_UNDEFINED, result); }

napi_status napi_get_null(napi_env env, napi_value* result) { return give(env, JS_NULL, result); }

napi_status napi_get_boolean(napi_env env, bool value, napi_value* result) {
  return give(env, JS_NewBool(env->js, value), result);
}

napi_status napi_create_double(napi_env env, double value, napi_value* result) {
  return give(env, JS_NewNumber(env->js, value), result);
}

napi_status napi_create_string_utf8(napi_env env, const char* text, size_t length, napi_value* result) {
  if (length == NAPI_AUTO_LENGTH) length = std::strlen(text);
  return give(env, engine::fromText(env->js, text, length), result);
}

napi_status napi_create_string_utf16(napi_env env, const char16_t* text, size_t length, napi_value* result) {
  return give(env, JS_NewStringUTF16(env->js, reinterpret_cast<const std::uint16_t*>(text), length), result);
}

napi_status napi_typeof(napi_env env, napi_value handle, napi_valuetype* result) {
  JSValueConst value = valueOf(env, handle);
  if (JS_IsUndefined(value)) {
    *result = napi_undefined;
  } else if (JS_IsNull(value)) {
    *result = napi_null;
  } else if (JS_IsBool(value)) {
    *result = napi_boolean;
  } else if (JS_IsNumber(value)) {
    *result = napi_number;
  } else if (JS_IsString(value)) {
    *result = napi_string;
  } else if (JS_IsSymbol(value)) {
    *result = napi_symbol;
  } else if (JS_IsBigInt(value)) {
    *result = napi_bigint;
  } else {
    *result = JS_IsFunction(env->js, value) ? napi_function : napi_object;
  }
  return napi_ok;
}

napi_status napi_get_value_double(napi_env env, napi_value value, double* result) {
  if (!JS_IsNumber(valueOf(env, value))) return napi_number_expected;
  return statusOf(JS_ToFloat64(env->js, result, valueOf(env, value)));
}

napi_status napi_get_value_bool(napi_env env, napi_value value, bool* result) {
  if (!JS_IsBool(valueOf(env, value))) return napi_boolean_expected;
  *result = JS_ToBool(env->js, valueOf(env, value)) == 1;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char* buffer, size_t size, size_t* length) {
  if (!JS_IsString(valueOf(env, value))) return napi_string_expected;
  try {
    const std::string text = engine::toSystem(env->js, valueOf(env, value));  // the addon's are paths and titles
    std::size_t count = text.size();
    if (buffer != nullptr && size > 0) {
      count = std::min(count, size - 1);
      std::memcpy(buffer, text.data(), count);
      buffer[count] = '\0';
    }
    if (length != nullptr) *length = count;
    return napi_ok;
  } catch (const engine::Thrown&) {
    return napi_pending_exception;
  }
}

napi_status napi_coerce_to_string(napi_env env, napi_value value, napi_value* result) {
  return give(env, JS_ToString(env->js, valueOf(env, value)), result);
}

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
