# bash completion of aws-ssm; written by `aws-ssm completion bash`.
#
# What Tab can put there is answered by the program, quoted for where it goes. A line
# with nothing but a tab asks for the names of files.
_aws_ssm() {
    local reply
    COMPREPLY=()
    while IFS= read -r reply; do
        if [[ $reply == $'\t' ]]; then
            compopt -o default +o nospace 2>/dev/null
            COMPREPLY=()
            return
        fi
        COMPREPLY+=("$reply")
    done < <(command aws-ssm __complete bash --breaks="$COMP_WORDBREAKS" \
        -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o nospace -F _aws_ssm aws-ssm
