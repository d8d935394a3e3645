#!/bin/sh
# As OpenSSH does, the server speaks first, and holds the connection until the client goes.
printf 'SSH-2.0-lab\r\n'
exec cat >/dev/null
