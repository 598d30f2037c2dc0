#compdef aws-ssm
# zsh completion of aws-ssm; written by `aws-ssm completion zsh`.
#
# The program answers with lines of a value, a few words on it, and a + if the word
# goes on after it. A line with nothing but a tab asks for the names of files.
_aws_ssm() {
    local line
    local -a fields values shown open open_shown
    for line in "${(@f)$(command aws-ssm __complete zsh -- \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        [[ -z $line ]] && continue
        if [[ $line == $'\t' ]]; then
            _files
            return
        fi
        fields=("${(@ps:\t:)line}")
        line=$fields[1]
        [[ -n $fields[2] ]] && line+="  -- $fields[2]"
        if [[ $fields[3] == + ]]; then
            open+=("$fields[1]")
            open_shown+=("$line")
        else
            values+=("$fields[1]")
            shown+=("$line")
        fi
    done
    local -i status_code=1
    (( $#open )) && compadd -l -d open_shown -S '' -a open && status_code=0
    (( $#values )) && compadd -l -d shown -a values && status_code=0
    return status_code
}

if [[ $funcstack[1] == _aws-ssm ]]; then
    # From a file in $fpath.
    _aws_ssm "$@"
else
    compdef _aws_ssm aws-ssm
fi
