#include "instance.h"

#include <utility>

#include "js.h"

namespace hvsock {
namespace {

napi_value cancelCallback(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  try {
    Instance::of(env).cancel(*static_cast<std::uint64_t*>(data));
  } catch (...) {
    // An exception is already pending, or the environment accepts none.
  }
  return nullptr;
}

void releaseId(napi_env, void* data, void*) { delete static_cast<std::uint64_t*>(data); }

}  // namespace

void Instance::create(napi_env env) {
  std::unique_ptr<Instance> instance(new Instance(env));
  const auto release = [](napi_env, void* data, void*) { delete static_cast<Instance*>(data); };
  check(env, napi_set_instance_data(env, instance.get(), release, nullptr));
  static_cast<void>(instance.release());
}

Instance& Instance::of(napi_env env) {
  void* data = nullptr;
  check(env, napi_get_instance_data(env, &data));
  return *static_cast<Instance*>(data);
}

Instance::~Instance() {
  if (mailbox_) stop();
}

napi_value Instance::promise(std::shared_ptr<Operation> operation) {
  napi_value promise = nullptr;
  check(env_, napi_create_promise(env_, &operation->deferred, &promise));
  operation->id = ++lastId_;
  advance(operation);
  return promise;
}

napi_value Instance::pending(std::shared_ptr<Operation> operation) {
  napi_value result = nullptr;
  check(env_, napi_create_object(env_, &result));
  set(env_, result, "promise", promise(operation));
  auto id = std::make_unique<std::uint64_t>(operation->id);
  const napi_value cancel = function(env_, "cancel", cancelCallback, id.get());
  check(env_, napi_add_finalizer(env_, cancel, id.get(), releaseId, nullptr, nullptr));
  static_cast<void>(id.release());
  set(env_, result, "cancel", cancel);
  return result;
}

void Instance::cancelAll(const Socket* socket) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, operation] : suspended_) {
    if (operation->worksOn(socket)) ids.push_back(id);
  }
  for (const std::uint64_t id : ids) cancel(id);
}

void Instance::cancel(std::uint64_t id) {
  const auto found = suspended_.find(id);
  if (found == suspended_.end()) return;  // settled before
  const std::shared_ptr<Operation> operation = found->second;
  if (reactor_) reactor_->remove(id);
  operation->canceled();
  const Failure failure{ECANCELED, operation->syscall, {}};
  try {
    settle(operation, &failure);
  } catch (...) {
    abandon(operation);
    throw;
  }
}

const std::shared_ptr<Mailbox>& Instance::mailbox() {
  if (!mailbox_) {
    mailbox_ = std::make_shared<Mailbox>(env_, take, this);
    // Hooks run last first: this one comes before the thread-safe function's own.
    check(env_, napi_add_env_cleanup_hook(env_, cleanUp, this));
  }
  return mailbox_;
}

void Instance::take(void* context, std::uint64_t id) {
  auto* instance = static_cast<Instance*>(context);
  const auto found = instance->suspended_.find(id);
  if (found == instance->suspended_.end()) return;  // canceled meanwhile
  const std::shared_ptr<Operation> operation = found->second;
  try {
    instance->advance(operation);
  } catch (...) {
    instance->abandon(operation);
  }
}

void Instance::cleanUp(void* data) { static_cast<Instance*>(data)->stop(); }

void Instance::advance(const std::shared_ptr<Operation>& operation) {
  try {
    if (operation->attempt(env_)) {
      settle(operation, nullptr);
    } else {
      suspend(operation);
    }
  } catch (const Failure& failure) {
    settle(operation, &failure);
  }
}

void Instance::suspend(const std::shared_ptr<Operation>& operation) {
  if (operation->postsItself()) {
    mailbox();
  } else {
    if (!reactor_) reactor_ = std::make_unique<Reactor>(mailbox());
    reactor_->add(operation->id, operation->wait, operation->socket());
  }
  const bool added = suspended_.emplace(operation->id, operation).second;
  if (added && operation->keepsAlive() && ++keptAliveBy_ == 1) mailbox_->keepAlive(env_, true);
}

void Instance::settle(const std::shared_ptr<Operation>& operation, const Failure* failure) {
  forget(operation);
  const napi_value outcome = failure != nullptr ? toError(env_, *failure) : operation->result(env_);
  const napi_deferred deferred = std::exchange(operation->deferred, nullptr);
  if (deferred == nullptr) return;  // that it was settled has failed
  check(env_, failure != nullptr ? napi_reject_deferred(env_, deferred, outcome)
                                 : napi_resolve_deferred(env_, deferred, outcome));
}

void Instance::abandon(const std::shared_ptr<Operation>& operation) {
  forget(operation);
  const napi_deferred deferred = std::exchange(operation->deferred, nullptr);
  napi_value nothing = nullptr;
  if (deferred != nullptr && napi_get_null(env_, &nothing) == napi_ok) napi_reject_deferred(env_, deferred, nothing);
}

void Instance::forget(const std::shared_ptr<Operation>& operation) {
  const bool waited = suspended_.erase(operation->id) == 1;
  if (waited && operation->keepsAlive() && --keptAliveBy_ == 0) mailbox_->keepAlive(env_, false);
}

void Instance::stop() {
  mailbox_->close();
  reactor_.reset();
  for (const auto& [id, operation] : suspended_) operation->canceled();
  suspended_.clear();
}

}  // namespace hvsock
