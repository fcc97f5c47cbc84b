#pragma once

#include "../image/image.h"

namespace engine {

// An engine with the language but no eval(), and with our modules: what a program without an image begins with. Ends the
// process with a message if there is no memory for it.
Engine newEngine();

}  // namespace engine
