# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034 # the colours are used by scripts/lab
#
# How scripts/lab prints: a table 100 columns wide, drawn in Unicode where the locale has it and in
# ASCII elsewhere, coloured on a terminal only. To be sourced.

if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
	bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
else
	bold='' red='' green='' dim='' plain=''
fi

if [ "$(locale charmap 2>/dev/null)" = UTF-8 ]; then
	box=(─ │ ┌ ┬ ┐ ├ ┼ ┤ └ ┴ ┘) bad=✗ good=✓
else
	box=(- '|' + + + + + + + + +) bad=x good=+
fi

widths=(31 29 30)

say() {
	printf '%s\n' "$*" | wrap 100 ''
}

heading() {
	printf '\n%s\n' "$bold$*$plain"
}

# wrap WIDTH INDENT: folds each line of standard input between words, or where that would leave it
# half empty, before the address that follows a name, or at a dot within a name. What follows a fold
# is indented.
wrap() {
	awk -v width="$1" -v indent="$2" '
		function last(what,  at) {
			for (at = width; at > width / 2; at--)
				if (substr($0, at, 1) == what)
					return at
			return 0
		}
		{
			while (length() > width) {
				at = last(" ")
				if (!at)
					at = last("[") - 1
				if (at <= 0)
					at = last(".")
				if (!at)
					at = width
				line = substr($0, 1, at)
				sub(/ +$/, "", line)
				print line
				$0 = indent substr($0, at + 1)
			}
			print
		}'
}

# trim NAME...: takes the blanks off both ends of variables.
trim() {
	local name value
	for name; do
		value=${!name-}
		value=${value#"${value%%[! ]*}"}
		printf -v "$name" '%s' "${value%"${value##*[! ]}"}"
	done
}

# dashes N
dashes() {
	local line
	printf -v line '%*s' "$1" ''
	printf '%s' "${line// /${box[0]}}"
}

# line LEFT FIRST SECOND RIGHT: a line across the table, of its corners.
line() {
	printf '%s' "${box[$1]}"
	dashes $((widths[0] + 2))
	printf '%s' "${box[$2]}"
	dashes $((widths[1] + 2))
	printf '%s' "${box[$3]}"
	dashes $((widths[2] + 2))
	printf '%s\n' "${box[$4]}"
}

# cell WIDTH COLOUR TEXT: text is ASCII, for printf counts octets.
cell() {
	printf ' %s%-*s%s ' "$2" "$1" "$3" "${2:+$plain}"
}

# answer_cell TEXT WIDTH: the first character of text is its mark, which gives the colour; a tab
# after it hides it.
answer_cell() {
	local colour='' mark=${1:0:1}
	case $mark in
	"$bad") colour=$red ;;
	"$good") colour=$green ;;
	=) colour=$dim ;;
	'') mark=' ' ;;
	esac
	[ "${1:1:1}" = $'\t' ] && mark=' '
	printf ' %s%s %-*s%s ' "$colour" "$mark" $(($2 - 2)) "${1:2}" "${colour:+$plain}"
}

# table_head QUESTION BEFORE AFTER
table_head() {
	line 2 3 3 4
	printf '%s' "${box[1]}"
	cell "${widths[0]}" "$bold" "$1"
	printf '%s' "${box[1]}"
	cell "${widths[1]}" "$bold" "  $2"
	printf '%s' "${box[1]}"
	cell "${widths[2]}" "$bold" "  $3"
	printf '%s\n' "${box[1]}"
}

# table_case TITLE WHY: across the whole table.
table_case() {
	local width=$((widths[0] + widths[1] + widths[2] + 6)) text
	line 5 9 9 7
	printf '%s' "${box[1]}"
	cell $width "$bold" "$1"
	printf '%s\n' "${box[1]}"
	wrap $((width - 3)) '' <<<"$2" | while IFS= read -r text; do
		printf '%s' "${box[1]}"
		cell $width '' "   $text"
		printf '%s\n' "${box[1]}"
	done
	line 5 3 3 7
}

# marked LINES EXPECTED MARK WIDTH: folds the lines, for answer_cell; those that EXPECTED lacks get
# the mark.
marked() {
	local text folded mark gap
	while IFS= read -r text; do
		mark=' '
		grep -qxF -e "$text" <<<"$2" || mark=$3
		gap=' '
		wrap "$4" '  ' <<<"$text" | while IFS= read -r folded; do
			printf '%s\n' "$mark$gap$folded"
			gap=$'\t'
		done
	done <<<"$1"
}

# table_row QUESTION BEFORE AFTER OLD NEW [WOULD_BE]: lines of BEFORE are marked bad, unless they are in NEW,
# and those of AFTER good, unless they are in OLD. Where nothing has changed, it says what would be.
table_row() {
	local -a question before after
	local row rows
	mapfile -t question < <(wrap "${widths[0]}" '  ' <<<"$1")
	mapfile -t before < <(marked "$2" "$5" "$bad" $((widths[1] - 2)))
	if [ "$2" = "$3" ]; then
		after=("= the same${6:+, would be}")
		[ -n "${6-}" ] &&
			mapfile -t -O 1 after < <(marked "$6" "$6" "$good" $((widths[2] - 2)))
	else
		mapfile -t after < <(marked "$3" "$4" "$good" $((widths[2] - 2)))
	fi
	rows=${#question[@]}
	[ ${#before[@]} -gt "$rows" ] && rows=${#before[@]}
	[ ${#after[@]} -gt "$rows" ] && rows=${#after[@]}
	for ((row = 0; row < rows; row++)); do
		printf '%s' "${box[1]}"
		cell "${widths[0]}" '' "${question[row]-}"
		printf '%s' "${box[1]}"
		answer_cell "${before[row]-}" "${widths[1]}"
		printf '%s' "${box[1]}"
		answer_cell "${after[row]-}" "${widths[2]}"
		printf '%s\n' "${box[1]}"
	done
}

# table_rule: between two rows.
table_rule() {
	line 5 6 6 7
}

table_end() {
	line 8 9 9 10
}
