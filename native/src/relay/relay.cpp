#include "relay.h"

#if !defined(_WIN32)
#include <sys/socket.h>
#endif

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "../functions.h"
#include "../own_process.h"

namespace hvsock {
namespace {

constexpr int patience = 200;  // milliseconds; a thread that a terminal blocks is given up

// What the relay's thread shares with the JavaScript thread. Neither reads the other's part before `finished`.
struct Work {
  std::shared_ptr<Socket> socket;
  std::shared_ptr<Socket> other;  // the other side if it is a socket too; then input, output, lingerMs and handOff are not used
  int input = -1;
  int output = -1;
  double lingerMs = -1;
  std::optional<SocketAddress> multiplexer;
  std::optional<HandOff> handOff;
  std::shared_ptr<Mailbox> mailbox;
  std::uint64_t id = 0;
  Event stop;
  Event finished;
  RelayResult result{};
  std::optional<Failure> failure;
  std::atomic<bool> isOver{false};  // set just before `finished`, which does not order memory by itself
};

void run(Work& work) {
  const auto& handOff = work.handOff;
  const AtRest atRest{
      handOff ? handOff->afterMs : 0,
      [&](int multiplexerFile) {
        const auto socket = static_cast<int>(work.socket->fd());
        execHandOff(*handOff, {socket, work.input, work.output, work.lingerMs, work.multiplexer.has_value(),
                               multiplexerFile});
      },
  };
  try {
    work.result = work.other ? runRelay(*work.socket, *work.other, work.stop, work.multiplexer)
                             : runRelay(*work.socket, work.input, work.output, work.lingerMs, work.stop,
                                        work.multiplexer, handOff ? &atRest : nullptr);
  } catch (const Failure& failure) {
    work.failure = failure;
  } catch (const std::exception& error) {
    work.failure = Failure{ENOMEM, "relay", error.what()};
  }
  work.socket.reset();
  work.other.reset();
  work.isOver = true;
  work.finished.set();
  work.mailbox->post(work.id);
}

const char* nameOf(RelayEnd end) {
  switch (end) {
    case RelayEnd::peer:
      return "peer";
    case RelayEnd::output:
      return "output";
    case RelayEnd::linger:
      return "linger";
  }
  return "";
}

class RelayOperation final : public Operation {
 public:
  RelayOperation(const std::shared_ptr<Socket>& socket, int input, int output, double lingerMs,
                 const std::optional<SocketAddress>& multiplexer, std::optional<HandOff> handOff,
                 std::shared_ptr<Mailbox> mailbox)
      : Operation("relay"), claim_(socket, Use::relay, syscall), work_(std::make_shared<Work>()) {
    work_->socket = socket;
    work_->input = input;
    work_->output = output;
    work_->lingerMs = lingerMs;
    work_->multiplexer = multiplexer;
    work_->handOff = std::move(handOff);
    work_->mailbox = std::move(mailbox);
  }

  RelayOperation(const std::shared_ptr<Socket>& socket, const std::shared_ptr<Socket>& other,
                 const std::optional<SocketAddress>& multiplexer, std::shared_ptr<Mailbox> mailbox)
      : Operation("relay"), claim_(socket, Use::relay, syscall), work_(std::make_shared<Work>()) {
    other_.emplace(other, Use::relay, syscall);
    work_->socket = socket;
    work_->other = other;
    work_->multiplexer = multiplexer;
    work_->mailbox = std::move(mailbox);
  }

  bool attempt(napi_env) override {
    if (work_->id == 0) {
      work_->id = id;
      Thread::detached([work = work_] { run(*work); });
      return false;
    }
    claim_.socket()->descriptor = Descriptor();
    closeOther();
    if (work_->failure) throw *work_->failure;
    return true;
  }

  napi_value result(napi_env env) override {
    napi_value object = nullptr;
    check(env, napi_create_object(env, &object));
    set(env, object, "sent", toNumber(env, static_cast<double>(work_->result.sent)));
    set(env, object, "received", toNumber(env, static_cast<double>(work_->result.received)));
    set(env, object, "end", toText(env, nameOf(work_->result.end)));
    return object;
  }

  void canceled() override {
    work_->stop.set();
    if (work_->finished.wait(patience) && work_->isOver) closeOther();
  }

  std::shared_ptr<Socket> socket() const override { return claim_.socket(); }
  bool worksOn(const Socket* socket) const override {
    return claim_.socket().get() == socket || (other_ && other_->socket().get() == socket);
  }
  bool postsItself() const override { return true; }

 private:
  // Whoever reads there sees a connection that broke as broken: a TCP socket is reset.
  void closeOther() {
    if (!other_) return;
    Descriptor& descriptor = other_->socket()->descriptor;
    const linger atOnce{1, 0};
    if (work_->failure) {
      setsockopt(descriptor.get(), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&atOnce), sizeof atOnce);
    }
    descriptor = Descriptor();
  }

  const Claim claim_;
  std::optional<Claim> other_;
  const std::shared_ptr<Work> work_;
};

// What can be an argument of a process.
std::string toWord(const Call& call, const std::string& what, napi_value value) {
  const char* expected = "text without a NUL";
  if (typeOf(call.env, value) != napi_string) reject(call.env, call.function, what, expected, value);
  std::string text = fromText(call.env, value);
  if (text.find('\0') != std::string::npos) reject(call.env, call.function, what, expected, value);
  return text;
}

std::vector<std::string> toLines(const Call& call, const std::string& what, napi_value list) {
  bool array = false;
  check(call.env, napi_is_array(call.env, list, &array));
  std::uint32_t length = 0;
  if (array) check(call.env, napi_get_array_length(call.env, list, &length));
  if (length == 0) reject(call.env, call.function, what, "an array with lines", list);
  std::vector<std::string> lines;
  for (std::uint32_t i = 0; i < length; ++i) {
    napi_value word = nullptr;
    check(call.env, napi_get_element(call.env, list, i, &word));
    const std::string name = what + "[" + std::to_string(i) + "]";
    lines.push_back(toWord(call, name, word));
    if (lines.back().find('\n') != std::string::npos) reject(call.env, call.function, name, "one line", word);
  }
  return lines;
}

// `handOff` of the options of relay; nothing where it is absent.
std::optional<HandOff> toHandOff(const Call& call, napi_value value) {
  const napi_env env = call.env;
  const napi_valuetype type = typeOf(env, value);
  if (type == napi_undefined) return std::nullopt;
  if (type != napi_object) reject(env, call.function, "options.handOff", "an object", value);
  return HandOff{
      wholeNumber(env, call.function, "options.handOff.afterMs", get(env, value, "afterMs"), 0, largestDelay),
      toFlag(call, "options.handOff.ignoreInterrupts", get(env, value, "ignoreInterrupts")),
      toFlag(call, "options.handOff.confined", get(env, value, "confined")),
      toWord(call, "options.handOff.title", get(env, value, "title")),
      toLines(call, "options.handOff.onFailure", get(env, value, "onFailure")),
  };
}

// The path of a multiplexer's socket; nothing where it is absent.
std::optional<SocketAddress> toMultiplexer(const Call& call, const char* what, napi_value value) {
  const napi_valuetype type = typeOf(call.env, value);
  if (type == napi_undefined) return std::nullopt;
  if (type != napi_string) reject(call.env, call.function, what, "a path", value);
  return unixAddress(call.function, fromText(call.env, value));
}

}  // namespace

napi_value relay(Call& call) {
  const auto socket = call.socket(0);
  const int input = call.descriptor(1, "input");
  const int output = call.descriptor(2, "output");
  const napi_value options = call.argument(3);
  if (typeOf(call.env, options) != napi_object) reject(call.env, call.function, "options", "an object", options);
  const napi_value linger = get(call.env, options, "lingerMs");
  const double lingerMs = wholeNumber(call.env, call.function, "options.lingerMs", linger, -1, largestDelay);
  auto handOff = toHandOff(call, get(call.env, options, "handOff"));
  const auto multiplexer = toMultiplexer(call, "options.multiplexer", get(call.env, options, "multiplexer"));
  Instance& instance = Instance::of(call.env);
  return instance.promise(std::make_shared<RelayOperation>(socket, input, output, lingerMs, multiplexer,
                                                           std::move(handOff), instance.mailbox()));
}

napi_value relaySockets(Call& call) {
  const auto socket = call.socket(0);
  const auto other = call.socket(1);
  const auto multiplexer = toMultiplexer(call, "multiplexer", call.argument(2));
  Instance& instance = Instance::of(call.env);
  return instance.promise(std::make_shared<RelayOperation>(socket, other, multiplexer, instance.mailbox()));
}

}  // namespace hvsock
