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
