#include "mailbox.h"

#include <cerrno>

#include "../system/failure.h"
#include "js.h"

namespace hvsock {

Mailbox::Mailbox(napi_env env, void (*take)(void*, std::uint64_t), void* context) : take_(take), context_(context) {
  errno = 0;
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, toText(env, "node-hvsock-native"), 0, 1, nullptr, nullptr, this, deliver, &function_);
  // The executable needs a descriptor for it.
  if (status != napi_ok && errno != 0) throw Failure{errno, "napi_create_threadsafe_function", {}};
  check(env, status);
  keepAlive(env, false);
}

void Mailbox::post(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  posted_.push_back(id);
  if (posted_.size() == 1) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Mailbox::keepAlive(napi_env env, bool alive) {
  check(env, alive ? napi_ref_threadsafe_function(env, function_) : napi_unref_threadsafe_function(env, function_));
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  posted_.clear();
}

void Mailbox::deliver(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is gone, and the mailbox with it
  auto* mailbox = static_cast<Mailbox*>(context);
  std::vector<std::uint64_t> posted;
  {
    const std::lock_guard lock(mailbox->mutex_);
    posted.swap(mailbox->posted_);
  }
  for (const std::uint64_t id : posted) mailbox->take_(mailbox->context_, id);
}

}  // namespace hvsock
