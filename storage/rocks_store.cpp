#include "storage/rocks_store.hpp"
