#include "storage/memory_store.hpp"
