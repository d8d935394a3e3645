#!/bin/sh
# A QEMU whose machine's cable leads nowhere: opening a tap takes root's rights.
for argument do
    shift
    case $argument in tap,*) argument=user,id=net0,restrict=on ;; esac
    set -- "$@" "$argument"
done
exec qemu-system-x86_64 "$@"
