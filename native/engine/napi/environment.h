#pragma once

#include <node_api.h>
#include <quickjs.h>

#include <utility>
#include <vector>

#include "../../src/system/threads.h"

// Node-API on QuickJS, only what the addon uses. One environment, for the whole process.
// A napi_value is an index into a stack of handles; each call from JavaScript, and each delivery from another thread,
// has a scope of that stack.
struct napi_env__ {
  JSContext* js;
  std::vector<JSValue> handles{JS_UNDEFINED};  // the first is unused: a napi_value is never null
  JSAtom attachments;                          // the hidden symbol of attachments.cpp
  void* instance = nullptr;
  std::vector<std::pair<void (*)(void*), void*>> hooks;
};

namespace engine {

// The addon's exports, made at the first call. Throws.
JSValue napiExports(JSContext* js);

// Whether what the addon does in other threads keeps the loop alive, and the events by which it reports.
bool napiKeepsAlive();
std::vector<const hvsock::Event*> napiEvents();
void napiDeliver(const hvsock::Event* event);

// Ends the addon's threads, before the process ends.
void napiCleanUp();

// Frees the handles that were made in its time.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env), size_(env->handles.size()) {}
  ~HandleScope();
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  const std::size_t size_;
};

JSValueConst valueOf(napi_env env, napi_value handle);
// Makes a handle of a value, and takes ownership of it.
napi_status give(napi_env env, JSValue owned, napi_value* result);
// For the engine's calls that return -1 with an exception pending.
napi_status statusOf(int result);

// The class of attachments.cpp, and the stand-in for an unknown `napi_env` in finalizers.
void defineAttachments(napi_env env);

}  // namespace engine
