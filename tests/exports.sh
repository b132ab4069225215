# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2001
#
# The module's symbols: everything knotd loads shares one name space, so the module exports its
# description and nothing else, and asks for nothing of its own that is not in it.

so=${MXGUARD_MODULE:?where the built module is}
nm=${NM:-nm}

echo 1..4

exports=$("$nm" -D --defined-only "$so" | awk '{ print $NF }')
if test "$exports" = knotd_mod_api; then
	echo "ok 1 - exports knotd_mod_api and nothing else"
else
	echo "$exports" | sed 's/^/# exported: /'
	echo "not ok 1 - exports knotd_mod_api and nothing else"
fi

# A source file left out of the Makefile shows only when knotd loads the module: what the dynamic
# linker can't find now has to be knotd's.
own=$(ldd -r "$so" 2>&1 | awk '/undefined symbol/ && $3 !~ /^knotd_/ { print $3 }')
if test -z "$own"; then
	echo "ok 2 - every symbol it needs belongs to knotd or a library"
else
	echo "$own" | sed 's/^/# undefined: /'
	echo "not ok 2 - every symbol it needs belongs to knotd or a library"
fi

# That the question is asked of something that can answer it: a library exports more than one.
lib=$(ldd "$so" | awk '/libknot\.so/ { print $3 }')
if test -n "$lib" && test "$("$nm" -D --defined-only "$lib" | wc -l)" -gt 100; then
	echo "ok 3 - nm sees what a library exports"
else
	echo "# libknot: ${lib:-not linked}"
	echo "not ok 3 - nm sees what a library exports"
fi

# The server's control socket is the operator's: the module never uses it.
control=$("$nm" -D "$so" | awk '{ print $NF }' | grep '^knot_ctl_')
if test -z "$control"; then
	echo "ok 4 - it does not know the control socket"
else
	echo "$control" | sed 's/^/# uses: /'
	echo "not ok 4 - it does not know the control socket"
fi
