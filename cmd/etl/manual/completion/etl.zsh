#compdef etl
# zsh completion of etl: etl completion zsh > "${fpath[1]}/_etl"
_etl() {
  local -a lines described
  lines=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  described=("${(@)lines//$'\t'/:}")
  if (( ${#lines} )) && [[ -n ${lines[1]} ]]; then
    _describe etl described
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _etl ]]; then
  _etl "$@"
else
  compdef _etl etl
fi
