# SPDX-License-Identifier: GPL-3.0-or-later
#
# Which flags the compiler knows. Libtool puts its own macros beside this file.

# What of FLAGS the compiler and the linker take goes into VARIABLE. They come before CFLAGS and LDFLAGS,
# so those have the last word.
# MXG_TRY_FLAGS(VARIABLE, FLAGS)
AC_DEFUN([MXG_TRY_FLAGS], [
	for flag in m4_normalize([$2]); do
		AC_MSG_CHECKING([whether $CC takes $flag])
		save_CFLAGS=$CFLAGS
		CFLAGS="$flag $CFLAGS -Werror"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([@%:@include <stdio.h>])],
			[AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $flag"])], [AC_MSG_RESULT([no])])
		CFLAGS=$save_CFLAGS
	done])
