#include "memory/timestamp.hpp"
