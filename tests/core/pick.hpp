// A number for a property test, evenly over its whole range in every run.
//
// rc::gen::inRange alone scales its range with the size of the run: early runs see little but the lower end, and of
// a choice among events only the first ones.
#pragma once

#include <rapidcheck.h>

namespace quorate {

/// min ... max - 1.
template <class Number>
Number pick(Number min, Number max) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Number>(min, max));
}

}  // namespace quorate
