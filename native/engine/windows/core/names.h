#pragma once

#include <string>

namespace engine {

std::string hostName();
std::string windowsRelease();  // "10.0.22631"
std::string windowsVersion();  // "Windows 10 Pro", as the registry has it
// Both throw.
std::string userName();
std::string profileFolder();

}  // namespace engine
