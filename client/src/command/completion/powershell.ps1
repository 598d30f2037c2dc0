# PowerShell completion of aws-ssm; written by `aws-ssm completion powershell`.
#
# The program answers with lines of a word as it is typed, the word itself, and a few
# words on it. A line with nothing but a tab asks for the names of files.
Register-ArgumentCompleter -Native -CommandName aws-ssm -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text.Trim('"', "'") })
    # An argument without a character would be lost, so the last one ends with a dot.
    $typed = $wordToComplete.Trim('"', "'") + '.'
    $replies = @(aws-ssm __complete powershell '--' @words $typed 2>$null)
    if ($replies.Count -eq 1 -and $replies[0] -eq "`t") { return }
    if ($replies.Count -eq 0) { return '' }
    $replies | ForEach-Object {
        $text, $shown, $about = $_.Split("`t")
        if (-not $about) { $about = $shown }
        [System.Management.Automation.CompletionResult]::new(
            $text, $shown, 'ParameterValue', $about)
    }
}
