# A signal: it reports what one source says of the VMs' addresses. This one looks up the VMs' names in
# /etc/hosts. A plugin starts no process, so a shell has its builtins alone: `case`, `read`, `printf` and
# expansions.

newline='
'
vms=

say() {
  printf '%s\n' "$1"
}

# The value of a field of text in $line, up to its closing quote.
field() {
  value=${line#*"\"$1\":\""}
  value=${value%%\"*}
}

# Reports the address in $1 for each VM that one of the other words names.
report() {
  address=$1
  shift
  case $address in ''|*[!0-9a-fA-F.:]*) return ;; esac
  rest=$vms
  while [ -n "$rest" ]; do
    vm=${rest%%"$newline"*}
    rest=${rest#*"$newline"}
    for name in "$@"; do
      if [ "$name" = "${vm#* }" ]; then
        say '{"type":"observation","vm":'"${vm%% *}"',"kind":"dns-address","address":"'"$address"'","says":"/etc/hosts has it"}'
      fi
    done
  done
}

# Says of each VM that the file cannot be read, and why.
unread() {
  rest=$vms
  while [ -n "$rest" ]; do
    vm=${rest%%"$newline"*}
    rest=${rest#*"$newline"}
    say '{"type":"observation","vm":'"${vm%% *}"',"kind":"unread","says":"/etc/hosts cannot be read","attributes":{"reason":"'"$1"'"}}'
  done
}

observe() {
  say '{"type":"read-file","path":"/etc/hosts","by_line":true}'
  while IFS= read -r line; do
    case $line in
      '{"type":"answer","text":'*)
        field text
        # The words of a line are split at blanks, and no word is a pattern.
        set -f
        # shellcheck disable=SC2086
        report ${value%%#*}
        ;;
      '{"type":"answered"}'*) return ;;
      '{"type":"refused",'*) field code; unread "$value"; return ;;
    esac
  done
}

while IFS= read -r line; do
  case $line in
    # The manifest's `config_schema` says what can be configured: nothing, so far.
    '{"type":"hello",'*'"configuration":{}'*) say '{"type":"ready","protocol":1}' ;;
    '{"type":"hello",'*) say '{"type":"failed","code":"configuration","message":"it has nothing to configure"}' ;;
    '{"type":"vm",'*)
      index=${line#'{"type":"vm","index":'}
      field name
      vms=$vms${index%%,*}' '$value$newline
      ;;
    '{"type":"observe",'*)
      case $line in *'"source":"snapshot"'*) ;; *) observe ;; esac
      vms=
      say '{"type":"done"}'
      ;;
  esac
done
