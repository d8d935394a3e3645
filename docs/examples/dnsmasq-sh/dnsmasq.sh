# A signal: the leases that dnsmasq keeps on this computer. A plugin starts no process, so that a shell has
# its builtins: `case`, `read`, `printf` and expansions.

leases='
'
vms='
'

say() {
  printf '%s\n' "$1"
}

# The value of a field of text in $line, up to its closing quote.
field() {
  value=${line#*"\"$1\":\""}
  value=${value%%\"*}
}

# Asks for the file, and keeps its lines in $leases. Fails with the reason in $value.
ask() {
  say '{"type":"read-file","path":"/var/lib/misc/dnsmasq.leases","by_line":true}'
  while IFS= read -r line; do
    case $line in
      '{"type":"answer","text":'*) field text; leases=$leases$value'
' ;;
      '{"type":"answered"}'*) return 0 ;;
      '{"type":"refused",'*) field code; return 1 ;;
    esac
  done
}

# Reports the lease of each MAC in $macs, such as "52:54:00:4b:5e:57","52:54:00:4b:5e:58".
report() {
  rest=$macs,
  while [ -n "$rest" ]; do
    mac=${rest%%,*}
    rest=${rest#*,}
    mac=${mac#\"}
    mac=${mac%\"}
    # A lease is: end, MAC, address, name, client id.
    case $leases in
      *" $mac "*)
        address=${leases#*" $mac "}
        address=${address%% *}
        say '{"type":"observation","vm":'"$vm"',"kind":"lease-current","address":"'"$address"'","mac":"'"$mac"'","says":"dnsmasq has a lease for it"}'
        ;;
    esac
  done
}

unread() {
  say '{"type":"observation","vm":'"$vm"',"kind":"unread","says":"'"$1"'","attributes":{"reason":"'"$2"'"}}'
}

# Looks at all machines in $vms, one on each line: index, blank, MACs with their quotes.
observe() {
  if ask; then why=; else why=$value; fi
  while [ "$vms" != '
' ]; do
    vms=${vms#'
'}
    vm=${vms%%' '*}
    macs=${vms#*' '}
    macs=${macs%%'
'*}
    vms='
'${vms#*'
'}
    case $why in
      '') if [ -n "$macs" ]; then report; else unread 'it has no MAC' not-tried; fi ;;
      not-found) unread 'dnsmasq keeps no leases here' not-tried ;;
      *) unread 'the leases cannot be read' failed ;;
    esac
  done
}

while IFS= read -r line; do
  case $line in
    '{"type":"hello",'*) say '{"type":"ready","protocol":1}' ;;
    '{"type":"vm",'*)
      index=${line#'{"type":"vm","index":'}
      index=${index%%,*}
      macs=
      case $line in
        *'"macs":['*) macs=${line#*'"macs":['}; macs=${macs%%]*} ;;
      esac
      vms=$vms$index' '$macs'
'
      ;;
    '{"type":"observe",'*)
      case $line in *'"source":"snapshot"'*) ;; *) observe ;; esac
      leases='
'
      vms='
'
      say '{"type":"done"}'
      ;;
  esac
done
