# fish completion of etl: etl completion fish > ~/.config/fish/completions/etl.fish
function __etl_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c etl -a '(__etl_complete)'
