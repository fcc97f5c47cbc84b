export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type CompletionShell = (typeof shells)[number];

/** Each passes the words up to the cursor to `vmssh complete`, which prints a candidate, a tab and a description per line; no shell evaluates them. vsock-nc is `vmssh nc`. */
export const completionScripts: Readonly<Record<CompletionShell, string>> = {
  bash: `# vmssh: completion for bash
_vmssh() {
  local line word
  # Bash also splits words at ":" and "=": use the line as typed.
  local -a words
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
  word=\${words[-1]}
  words=("\${words[@]:1}")
  [[ \${COMP_LINE%%[[:space:]]*} == *vsock-nc ]] && words=(nc "\${words[@]}")
  local cut=\${word%"\${word##*["$COMP_WORDBREAKS"]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    [[ $line == "$word" && $word == *: ]] || COMPREPLY+=("\${line#"$cut"}")
  done < <(vmssh complete -- "\${words[@]}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *[/:@] ]] && compopt -o nospace
  # Behind a machine's colon no file of this host is meant.
  [[ \${#COMPREPLY[@]} == 0 && $word == *:* ]] && compopt +o default
  return 0
}
complete -o default -F _vmssh vmssh vsock-nc
`,
  zsh: `#compdef vmssh vsock-nc
# vmssh: completion for zsh
_vmssh() {
  # A candidate that ends in / : or @ goes on; all others get a space.
  local -a found ended open
  local line word entry
  local -a before=("\${(@)words[2,CURRENT]}")
  [[ \${words[1]:t} == vsock-nc ]] && before=(nc "\${(@)before}")
  found=("\${(@f)$(vmssh complete -- "\${(@)before}" 2>/dev/null)}")
  for line in $found; do
    word=\${line%%$'\\t'*}
    entry="\${word//:/\\\\:}:\${line#*$'\\t'}"
    if [[ $word == *[/:@] ]]; then open+=("$entry"); elif [[ -n $word ]]; then ended+=("$entry"); fi
  done
  if (( $#ended + $#open )); then
    _describe -V vmssh ended -- open -S ''
  else
    _files
  fi
}
if [[ $funcstack[1] == _vmssh ]]; then _vmssh "$@"; else compdef _vmssh vmssh vsock-nc; fi
`,
  fish: `# vmssh: completion for fish
function __vmssh_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l command $words[1]
    set -e words[1]
    string match -q -- '*vsock-nc' $command; and set -p words nc
    vmssh complete -- $words 2>/dev/null
end
complete -c vmssh -f -a '(__vmssh_complete)'
complete -c vsock-nc -f -a '(__vmssh_complete)'
complete -c vmssh -n '__fish_seen_subcommand_from scp rsync sftp' -F
`,
  powershell: `# vmssh: completion for PowerShell
Register-ArgumentCompleter -Native -CommandName vmssh, vsock-nc -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') { $words += '""' }
    if ($commandAst.GetCommandName() -match 'vsock-nc(\\.exe)?$') { $words = @('nc') + $words }
    & vmssh complete '--' @words 2>$null | ForEach-Object {
        $word, $about = $_ -split "\`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
`,
};
