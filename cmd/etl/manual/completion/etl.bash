# bash completion of etl: source <(etl completion bash)
_etl() {
  local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]}
  [ "$cur" != = ] || cur=
  local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}" "$cur")
  COMPREPLY=($("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null | cut -f1))
}
complete -o default -F _etl etl
