#compdef garm
# zsh completion of garm(1)

local -a verbs serving site json
verbs=(
    'serve:serve the files of a directory'
    'run:serve the application in a shared object'
    'routes:list the routes of an application'
    'explain:tell which route answers a request, and why'
    'new:write a small project that builds and tests itself'
    'hash:print the hash of a password'
    'version:print the version'
    'help:list the verbs, or tell about one'
)
serving=(
    '*--listen=[where to listen]:address:'
    '--workers=[threads that serve]:count:'
    '--log-level=[what is logged]:level:(debug info warn error off)'
    '--grace=[how long a stop waits]:time:'
    '--drain-delay=[how long a stop goes on serving before]:time:'
    '--help[print help]'
    '--version[print the version]'
)
site=(
    '--spa[answer a page that is not there with index.html]'
    '--list[show what directories hold]'
    '--cache=[seconds that clients may keep files]:seconds:'
    '*--cors=[origin whose pages may read the files]:origin:'
    '*--auth=[user and hash of a password]:user\:hash:'
    '--access-log[write a line per request]'
    '--open[open the first address in a browser]'
)
json=('--json[print JSON]' '--help[print help]')

if (( CURRENT == 2 )); then
    _describe verb verbs
    return
fi
case $words[2] in
serve) _arguments $site $serving '2:directory:_files -/' ;;
run) _arguments $serving '*:object:_files -g "*.so"' ;;
routes) _arguments $json '*:object:_files -g "*.so"' ;;
explain) _arguments $json '--all[tell of all other routes]' '2:method:(GET HEAD POST PUT PATCH DELETE OPTIONS)' '3:target:' '*:object:_files -g "*.so"' ;;
new) _arguments '--help[print help]' '2:name:' ;;
hash) _arguments '--help[print help]' ;;
version) _arguments $json ;;
help) (( CURRENT == 3 )) && _describe verb verbs ;;
esac
