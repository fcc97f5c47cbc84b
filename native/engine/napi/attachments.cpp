#include <memory>

#include "../core/value.h"
#include "environment.h"

using engine::valueOf;

namespace engine {
namespace {

JSClassID attachmentsClass = 0;

// What the addon attaches to an object: a pointer, a tag, and a finalizer. It is stored under a
// hidden symbol, in an object that knows its owner: one that was inherited or copied does not count.
struct Attachments {
  struct Finalizer {
    napi_finalize call;
    void* data;
    void* hint;
  };

  napi_env env;
  void* owner;
  void* wrapped = nullptr;
  bool isWrapped = false;
  bool isTagged = false;
  napi_type_tag tag{};
  std::vector<Finalizer> finalizers;
};

void finalize(JSRuntime*, JSValueConst value) {
  const std::unique_ptr<Attachments> attachments(
      static_cast<Attachments*>(JS_GetOpaque(value, attachmentsClass)));
  if (!attachments) return;
  for (const auto& [call, data, hint] : attachments->finalizers) call(attachments->env, data, hint);
}

Attachments* find(napi_env env, napi_value object) {
  JSValueConst owner = valueOf(env, object);
  if (!JS_IsObject(owner)) return nullptr;
  const Value holder(env->js, JS_GetProperty(env->js, owner, env->attachments));
  auto* attachments = static_cast<Attachments*>(JS_GetOpaque(holder.get(), attachmentsClass));
  return attachments != nullptr && attachments->owner == JS_VALUE_GET_PTR(owner) ? attachments : nullptr;
}

// The same, created if there are none; null if the value is not an object, or accepts none.
Attachments* findOrMake(napi_env env, napi_value object) {
  JSValueConst owner = valueOf(env, object);
  if (!JS_IsObject(owner)) return nullptr;
  if (Attachments* found = find(env, object)) return found;
  const JSValue holder = JS_NewObjectClass(env->js, attachmentsClass);
  if (JS_IsException(holder)) return nullptr;
  auto* attachments = new Attachments{};
  attachments->env = env;
  attachments->owner = JS_VALUE_GET_PTR(owner);
  JS_SetOpaque(holder, attachments);
  return JS_DefinePropertyValue(env->js, owner, env->attachments, holder, 0) < 0 ? nullptr : attachments;
}

}  // namespace

void defineAttachments(napi_env env) {
  JSRuntime* runtime = JS_GetRuntime(env->js);
  static const JSClassDef definition{"Attachments", finalize, nullptr, nullptr, nullptr};
  JS_NewClassID(runtime, &attachmentsClass);
  JS_NewClass(runtime, attachmentsClass, &definition);
  const Value symbol(env->js, JS_NewSymbol(env->js, "attachments", false));
  env->attachments = JS_ValueToAtom(env->js, symbol.get());
}

}  // namespace engine

napi_status napi_wrap(napi_env env, napi_value object, void* data, napi_finalize finalize, void* hint, napi_ref*) {
  engine::Attachments* attachments = engine::findOrMake(env, object);
  if (attachments == nullptr) return napi_object_expected;
  if (attachments->isWrapped) return napi_invalid_arg;
  attachments->wrapped = data;
  attachments->isWrapped = true;
  if (finalize != nullptr) attachments->finalizers.push_back({finalize, data, hint});
  return napi_ok;
}

napi_status napi_unwrap(napi_env env, napi_value object, void** result) {
  const engine::Attachments* attachments = engine::find(env, object);
  if (attachments == nullptr || !attachments->isWrapped) return napi_invalid_arg;
  *result = attachments->wrapped;
  return napi_ok;
}

napi_status napi_type_tag_object(napi_env env, napi_value object, const napi_type_tag* tag) {
  engine::Attachments* attachments = engine::findOrMake(env, object);
  if (attachments == nullptr) return napi_object_expected;
  if (attachments->isTagged) return napi_invalid_arg;
  attachments->tag = *tag;
  attachments->isTagged = true;
  return napi_ok;
}

napi_status napi_check_object_type_tag(napi_env env, napi_value object, const napi_type_tag* tag, bool* result) {
  const engine::Attachments* attachments = engine::find(env, object);
  *result = attachments != nullptr && attachments->isTagged && attachments->tag.lower == tag->lower &&
            attachments->tag.upper == tag->upper;
  return napi_ok;
}

napi_status napi_add_finalizer(napi_env env, napi_value object, void* data, napi_finalize finalize, void* hint,
                               napi_ref*) {
  engine::Attachments* attachments = engine::findOrMake(env, object);
  if (attachments == nullptr) return napi_object_expected;
  attachments->finalizers.push_back({finalize, data, hint});
  return napi_ok;
}

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
