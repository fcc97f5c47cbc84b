#include "../core/value.h"
#include "environment.h"

// A strong one: the addon creates no others.
struct napi_ref__ {
  engine::Value value;
};

napi_status napi_create_reference(napi_env env, napi_value value, uint32_t, napi_ref* result) {
  *result = new napi_ref__{engine::Value::copy(env->js, engine::valueOf(env, value))};
  return napi_ok;
}

napi_status napi_delete_reference(napi_env, napi_ref reference) {
  delete reference;
  return napi_ok;
}

napi_status napi_get_reference_value(napi_env env, napi_ref reference, napi_value* result) {
  return engine::give(env, reference->value.duplicate().release(), result);
}
