# Talks to the plugin as vmkit does, and compares what it says.
said=$(sh "$(dirname "$0")/{{name}}.sh" <<'HOST'
{"type":"hello","protocol":1,"configuration":{}}
{"type":"list","now_ms":0,"budget_ms":1000}
{"type":"answer","text":"web running 52:54:00:4b:5e:57"}
{"type":"answer","text":"# a remark"}
{"type":"answer","text":"db"}
{"type":"answered"}
HOST
)
expected='{"type":"ready","protocol":1}
{"type":"read-file","path":"{home}/.{{name}}/machines","by_line":true}
{"type":"machine","id":"web","name":"web","state":"running","cards":[{"mac":"52:54:00:4b:5e:57"}]}
{"type":"machine","id":"db","name":"db"}
{"type":"done"}'
if [ "$said" != "$expected" ]; then
  printf 'it said:\n%s\n' "$said"
  exit 1
fi
