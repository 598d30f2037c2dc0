# fish completion of aws-ssm; written by `aws-ssm completion fish`.
#
# The program answers with lines of a value and a few words on it, as fish takes them.
# A line with nothing but a tab asks for the names of files.
function __aws_ssm_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l typed (string unescape -- $current)
    or set typed $current
    set -l replies (command aws-ssm __complete fish -- $words[2..-1] "$typed" 2>/dev/null)
    if test "$replies" = \t
        __fish_complete_path "$current"
    else if set -q replies[1]
        printf '%s\n' $replies
    end
end
complete --command aws-ssm --no-files --arguments '(__aws_ssm_complete)'
