# Talks to the plugin as vmkit does, and compares what it says.
said=$(sh "$(dirname "$0")/{{name}}.sh" <<'HOST'
{"type":"hello","protocol":1,"configuration":{}}
{"type":"vm","index":0,"name":"web","macs":[]}
{"type":"observe","stage":"discover","source":"live"}
{"type":"answer","text":"192.0.2.7 db web"}
{"type":"answer","text":"many web"}
{"type":"answered"}
HOST
)
expected='{"type":"ready","protocol":1}
{"type":"read-file","path":"/etc/hosts","by_line":true}
{"type":"observation","vm":0,"kind":"dns-address","address":"192.0.2.7","says":"/etc/hosts has it"}
{"type":"done"}'
if [ "$said" != "$expected" ]; then
  printf 'it said:\n%s\n' "$said"
  exit 1
fi
