#include "storage/record_codec.hpp"
