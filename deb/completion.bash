# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of evsed's commands and options, asked of evsed itself.
_evsed() {
    local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words
    if [ "${COMP_WORDS[COMP_CWORD-1]}" = --config ]; then
        COMPREPLY=($(compgen -f -- "$current"))
        return
    fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(evsed --help 2>/dev/null | sed -n 's/^    \([a-z]\{1,\}\) .*/\1/p')
    elif [ "${current#-}" != "$current" ]; then
        words=$(evsed "$command" --help 2>/dev/null | grep -o -- '--[a-z-]\{1,\}' | sort -u)
    elif [ "$command" = replay ] || [ "$command" = backup ] || [ "$command" = restore ]; then
        COMPREPLY=($(compgen -f -- "$current"))
        return
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _evsed evsed
