#include <fcntl.h>
#include <sys/socket.h>

#include "../functions.h"

namespace hvsock {

napi_value socketPair(Call& call) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw Failure::last("socketpair");
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) throw Failure::last("fcntl");
  napi_value pair = nullptr;
  check(call.env, napi_create_object(call.env, &pair));
  set(call.env, pair, "handle", Handle::create(call.env, std::make_shared<Socket>(Socket{std::move(ours)})));
  set(call.env, pair, "descriptor", toNumber(call.env, theirs.get()));
  set(call.env, pair, "peer", Handle::create(call.env, std::make_shared<Socket>(Socket{std::move(theirs)})));
  return pair;
}

}  // namespace hvsock
