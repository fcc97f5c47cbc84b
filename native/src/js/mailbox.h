#pragma once

#include <node_api.h>

#include <cstdint>
#include <mutex>
#include <vector>

namespace hvsock {

// Sends the ids of operations that need attention from any thread to the JavaScript thread.
class Mailbox {
 public:
  // `take` runs on the JavaScript thread for every id, until `close`.
  Mailbox(napi_env env, void (*take)(void* context, std::uint64_t id), void* context);

  void post(std::uint64_t id);
  // Whether it keeps the event loop alive. JavaScript thread only.
  void keepAlive(napi_env env, bool alive);
  // Drops everything that is or will be posted. Must be called before the environment is gone.
  void close();

 private:
  static void deliver(napi_env env, napi_value, void* context, void*);

  void (*const take_)(void*, std::uint64_t);
  void* const context_;
  napi_threadsafe_function function_ = nullptr;
  std::mutex mutex_;
  std::vector<std::uint64_t> posted_;
  bool open_ = true;
};

}  // namespace hvsock
