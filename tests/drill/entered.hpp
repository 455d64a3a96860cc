// What the test program got when it entered its private namespaces, first thing in main.
#pragma once

#include "chaos/drill/private_namespaces.hpp"

namespace quorate::chaos {

const private_namespaces& entered();

}  // namespace quorate::chaos
