#include "memory/validation.hpp"
