#include "memory/key.hpp"
