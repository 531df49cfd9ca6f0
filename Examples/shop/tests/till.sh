#!/bin/sh
# The till on the command line: what it prints and how it leaves.
cd "$(dirname "$0")/.." || exit 1
failed=0

# expect CODE TEXT ARGUMENT...
expect() {
  code=$1 text=$2
  shift 2
  found=$(PYTHONPATH=src python3 -m shop "$@" 2>&1)
  left=$?
  if [ "$left" != "$code" ] || [ "$found" != "$text" ]; then
    echo "tests/till.sh: shop $*: expected '$text' and $code, found '$found' and $left"
    failed=1
  fi
}

expect 0 "0.00 EUR"
expect 0 "2.05 EUR" apple pear:3
expect 1 "till: nobody sells melon here" melon
expect 2 "till: -1 of plum: at least one" plum:-1
exit $failed
