#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>
#include <mutex>
#include <new>

#include "../../src/system/failure.h"
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

// Brings calls from other threads to JavaScript's thread: a queue, and an event that the loop polls.
struct napi_threadsafe_function__ {
  napi_env env;
  void* context;
  napi_threadsafe_function_call_js call;
  hvsock::Event event{};
  std::mutex mutex{};
  std::deque<void*> queue{};
  bool alive = true;
};

namespace engine {
namespace {

// For as long as the process: threads may still use them.
std::vector<std::unique_ptr<napi_threadsafe_function__>> functions;

}  // namespace

bool napiKeepsAlive() {
  return std::any_of(functions.begin(), functions.end(), [](const auto& each) { return each->alive; });
}

std::vector<const hvsock::Event*> napiEvents() {
  std::vector<const hvsock::Event*> events;
  for (const auto& each : functions) events.push_back(&each->event);
  return events;
}

void napiDeliver(const hvsock::Event* event) {
  const auto found =
      std::find_if(functions.begin(), functions.end(), [&](const auto& each) { return &each->event == event; });
  if (found == functions.end()) return;
  napi_threadsafe_function__& function = **found;
  function.event.clear();
  std::deque<void*> queue;
  {
    const std::lock_guard lock(function.mutex);
    queue.swap(function.queue);
  }
  for (void* data : queue) {
    const HandleScope scope(function.env);
    function.call(function.env, nullptr, function.context, data);
    JS_FreeValue(function.env->js, JS_GetException(function.env->js));  // nobody is there to take it
  }
}

}  // namespace engine

napi_status napi_create_threadsafe_function(napi_env env, napi_value, napi_value, napi_value, size_t, size_t, void*,
                                            napi_finalize, void* context, napi_threadsafe_function_call_js call,
                                            napi_threadsafe_function* result) {
  try {
    engine::functions.push_back(std::unique_ptr<napi_threadsafe_function__>(
        new napi_threadsafe_function__{env, context, call}));
  } catch (const hvsock::Failure& failure) {
    errno = failure.number;  // EMFILE, for which Node-API has no status
    return napi_generic_failure;
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return napi_generic_failure;
  }
  *result = engine::functions.back().get();
  return napi_ok;
}

napi_status napi_call_threadsafe_function(napi_threadsafe_function function, void* data,
                                          napi_threadsafe_function_call_mode) {
  const std::lock_guard lock(function->mutex);
  function->queue.push_back(data);
  function->event.set();
  return napi_ok;
}

napi_status napi_ref_threadsafe_function(napi_env, napi_threadsafe_function function) {
  function->alive = true;
  return napi_ok;
}

napi_status napi_unref_threadsafe_function(napi_env, napi_threadsafe_function function) {
  function->alive = false;
  return napi_ok;
}
