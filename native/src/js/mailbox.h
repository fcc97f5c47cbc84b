#pragma once

#include <node_api.h>

#include <cstdint>
#include <mutex>
#include <vector>

namespace hvsock {

// Brings the ids of operations to be looked at from any thread to the JavaScript thread.
class Mailbox {
 public:
  // `take` runs on the JavaScript thread for every id, until `close`.
  Mailbox(napi_env env, void (*take)(void* context, std::uint64_t id), void* context);

  void post(std::uint64_t id);
  // Whether the event loop goes on for what is to come. JavaScript thread only.
  void keepAlive(napi_env env, bool alive);
  // Drops everything that is or will be posted. To be called before the environment goes away.
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
