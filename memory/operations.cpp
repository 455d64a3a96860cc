#include "memory/operations.hpp"
