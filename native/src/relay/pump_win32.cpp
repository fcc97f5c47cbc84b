#include "pump_win32.h"

namespace hvsock {

Pump::~Pump() {
  if (!writing) return;
  if (sink->cancel()) {
    source.pin(false);
  } else {
    sink.release();  // the system may still read from the intake: both are kept until the process ends
  }
}

bool Pump::step() {
  bool any = reads ? source.advance() : source.collect();
  while (!error) {
    if (!writing) {
      if (source.size() == 0) break;
      sink->beginWrite(source.data(), source.size());
      writing = true;
      source.pin(true);
    }
    const Outcome outcome = sink->outcome();
    if (outcome.kind == Outcome::Kind::pending) break;
    any = true;
    writing = false;
    source.pin(false);
    if (outcome.kind == Outcome::Kind::failed) {
      error = outcome.error;
    } else {
      source.take(outcome.length);
      moved += outcome.length;
      if (reads) source.advance();
    }
  }
  if (error != 0) source.take(source.size());  // nobody takes them any more
  return any;
}

void Pump::addEvents(std::vector<HANDLE>& events) const {
  if (source.isReading()) events.push_back(source.event());
  if (writing) events.push_back(sink->event());
}

}  // namespace hvsock
