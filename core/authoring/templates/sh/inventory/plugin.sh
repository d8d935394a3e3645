# An inventory: it lists the VMs of one manager. Its id is the manager's name. This one reads a list of
# `NAME STATE MAC` lines in the user's home directory. A plugin starts no process, so a shell has its builtins
# alone: `case`, `read`, `printf` and expansions.

say() {
  printf '%s\n' "$1"
}

# The value of a field of text in $line, up to its closing quote.
field() {
  value=${line#*"\"$1\":\""}
  value=${value%%\"*}
}

# One machine. What the list does not say stays unknown; vmkit shows that as such.
machine() {
  case $1 in ''|'#'*|*[!A-Za-z0-9._-]*) return ;; esac
  fields='"id":"'$1'","name":"'$1'"'
  case $2 in running|paused|stopped|missing) fields=$fields',"state":"'$2'"' ;; esac
  case $3 in
    ''|*[!0-9a-fA-F:]*) ;;
    *) fields=$fields',"cards":[{"mac":"'$3'"}]' ;;
  esac
  say '{"type":"machine",'"$fields"'}'
}

list() {
  say '{"type":"read-file","path":"{home}/.{{name}}/machines","by_line":true}'
  while IFS= read -r line; do
    case $line in
      '{"type":"answer","text":'*)
        field text
        # The words of a line are split at blanks, and no word is a pattern.
        set -f
        # shellcheck disable=SC2086
        set -- $value
        machine "${1-}" "${2-}" "${3-}"
        ;;
      '{"type":"answered"}'*) say '{"type":"done"}'; return ;;
      '{"type":"refused",'*)
        field code
        case $value in
          # Nobody uses the manager here.
          not-found) say '{"type":"done"}' ;;
          *) say '{"type":"failed","code":"'"$value"'","message":"the list cannot be read"}' ;;
        esac
        return
        ;;
    esac
  done
}

while IFS= read -r line; do
  case $line in
    # The manifest's `config_schema` says what can be configured: nothing, so far.
    '{"type":"hello",'*'"configuration":{}'*) say '{"type":"ready","protocol":1}' ;;
    '{"type":"hello",'*) say '{"type":"failed","code":"configuration","message":"it has nothing to configure"}' ;;
    '{"type":"list",'*|'{"type":"list"}') list ;;
  esac
done
