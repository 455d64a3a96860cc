#include "memory/json.hpp"
