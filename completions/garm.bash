# bash completion of garm(1)
_garm()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}
    local verbs="serve run routes explain new hash version help"
    local serving="--listen --workers --log-level --grace --drain-delay --help --version"
    local site="--spa --list --cache --cors --auth --access-log --open"
    local methods="GET HEAD POST PUT PATCH DELETE OPTIONS"
    local flags="--help" words="" files=""
    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ]; then
        words="$verbs --help --version"
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
        return
    fi
    case $prev in
    --log-level) COMPREPLY=($(compgen -W "debug info warn error off" -- "$cur")); return ;;
    --listen | --workers | --grace | --drain-delay | --cache | --cors | --auth) return ;;
    esac
    case $verb in
    serve) flags="$site $serving" files=directories ;;
    run) flags=$serving files=objects ;;
    routes) flags="--json --help" files=objects ;;
    explain)
        flags="--json --all --help"
        case $COMP_CWORD in
        2) words=$methods ;;
        3) ;;
        *) files=objects ;;
        esac
        ;;
    version) flags="--json --help" ;;
    help) [ "$COMP_CWORD" -eq 2 ] && words=$verbs ;;
    esac
    case $cur in
    -*) words=$flags files="" ;;
    esac
    case $files in
    directories) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
    objects)
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -d -- "$cur") $(compgen -f -X '!*.so' -- "$cur"))
        ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    esac
}
complete -F _garm garm
