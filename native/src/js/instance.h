#pragma once

#include <node_api.h>

#include <memory>
#include <unordered_map>

#include "js.h"
#include "../reactor/operation.h"
#include "../reactor/reactor.h"

namespace hvsock {

// The addon in one environment: the main thread's, or a worker's.
class Instance {
 public:
  static void create(napi_env env);
  static Instance& of(napi_env env);
  ~Instance();

  // Starts it; if it did not have to wait, the promise is already settled.
  napi_value promise(std::shared_ptr<Operation> operation);
  // The same with a `cancel`: { promise, cancel }.
  napi_value pending(std::shared_ptr<Operation> operation);
  // Rejects the socket's operations with ECANCELED.
  void cancelAll(const Socket* socket);
  void cancel(std::uint64_t id);

  // Where an operation that posts itself does so.
  const std::shared_ptr<Mailbox>& mailbox();

 private:
  explicit Instance(napi_env env) : env_(env) {}
  static void take(void* context, std::uint64_t id);
  static void cleanUp(void* data);

  void advance(const std::shared_ptr<Operation>& operation);
  void suspend(const std::shared_ptr<Operation>& operation);
  void settle(const std::shared_ptr<Operation>& operation, const Failure* failure);
  // There is no memory for its outcome, or the environment is about to end: the promise is rejected with null, as the executable's
  // engine throws it then.
  void abandon(const std::shared_ptr<Operation>& operation);
  // It no longer waits for anything.
  void forget(const std::shared_ptr<Operation>& operation);
  void stop();

  const napi_env env_;
  std::uint64_t lastId_ = 0;
  std::size_t keptAliveBy_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<Operation>> suspended_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unique_ptr<Reactor> reactor_;
};

}  // namespace hvsock
