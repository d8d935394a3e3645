#!/usr/bin/env bash
# Runs the README's demonstration as a newcomer would: on a Debian that has a Rust toolchain, a C compiler
# and git, and nothing of vmkit's.
#
# Each place is a clone of this checkout's HEAD in a fresh chroot: in root's home, below a sticky
# directory, and in an ordinary user's home. Each builds from nothing: what was linked against the C
# library of one release does not start on an older one.
#
# The base systems are kept under ${VMKIT_CACHE:-/var/cache/vmkit}.
set -euo pipefail

workspace=$(cd "$(dirname "$0")/.." && pwd)
mirror=${VMKIT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
cache=${VMKIT_CACHE:-/var/cache/vmkit}
target=${CARGO_TARGET_DIR:-$workspace/target}
work=$target/newcomer
# gcc and libc6-dev link what rustc compiles; a Rust installation asks for them, too.
packages=ca-certificates,gcc,libc6-dev,git
user=ann

not_run() {
    printf '\n!!! newcomer check NOT RUN: %s\n\n' "$1"
    exit 0
}

[ "$(uname -s)" = Linux ] || not_run "it needs a Debian chroot"
[ "$(id -u)" = 0 ] || not_run "making a chroot needs root"
command -v debootstrap >/dev/null || not_run "debootstrap is missing"
toolchain=$(rustc --print sysroot)
nextest=$(command -v cargo-nextest || true)
cargo_home=${CARGO_HOME:-$HOME/.cargo}

in_chroot() {
    local root=$1
    shift
    chroot "$root" env -i DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# make_base SUITE EXTRA: a minimal system; EXTRA is a package of SUITE's backports, whose source is
# taken away again, as on a machine whose owner once needed a newer version.
make_base() {
    local suite=$1 extra=$2 base=$3 making=$3.making sources
    rm -rf --one-file-system "$making"
    echo "making a chroot of Debian $suite in $base"
    debootstrap --variant=minbase --include="$packages" "$suite" "$making" "$mirror" >"$cache/debootstrap-$suite.log" 2>&1 ||
        { tail -n 5 "$cache/debootstrap-$suite.log"; return 1; }
    if [ -n "$extra" ]; then
        sources=$making/etc/apt/sources.list.d/backports.list
        echo "deb $mirror $suite-backports main" >"$sources"
        in_chroot "$making" apt-get update -qq
        in_chroot "$making" apt-get install -y -qq --no-install-recommends "$extra/$suite-backports" >"$cache/backports-$suite.log" 2>&1
        rm "$sources"
        rm -rf "$making"/var/lib/apt/lists/*
    fi
    in_chroot "$making" useradd --create-home "$user"
    # The rename is the mark of a complete chroot.
    mv "$making" "$base"
}

# place SUITE EXTRA USER FOLDER COMMAND: clones into FOLDER of a fresh chroot and runs COMMAND there.
place() {
    local suite=$1 extra=$2 owner=$3 folder=$4 base recipe
    shift 4
    recipe=$(printf '%s\n' "$suite" "$extra" "$packages" "$mirror" "$user" | sha256sum | cut -c1-12)
    base=$cache/newcomer-$suite-$recipe
    [ -d "$base" ] || make_base "$suite" "$extra" "$base"
    rm -rf --one-file-system "$work"
    mkdir -p "$work/upper" "$work/overlay" "$work/root" "$cache/newcomer-kernel-$suite"
    export base work folder owner workspace toolchain nextest cargo_home suite cache
    # Mounts and processes live in namespaces of their own and end with them.
    unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
        root=$work/root
        mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/overlay" "$root"
        mount -t proc proc "$root/proc"
        for device in sys dev; do mount --rbind "/$device" "$root/$device"; done
        mkdir -p "$root/opt/rust" "$root/opt/cargo" "$root/var/cache/vmkit"
        mount --bind -o ro "$toolchain" "$root/opt/rust"
        mount --bind "$cache/newcomer-kernel-$suite" "$root/var/cache/vmkit"
        mkdir -p "$root/opt/cargo/bin"
        [ -z "$nextest" ] || cp "$nextest" "$root/opt/cargo/bin/"
        cp /etc/resolv.conf /etc/hosts "$root/etc/"
        git clone --quiet --no-hardlinks "$workspace" "$root$folder"
        if [ "$owner" = root ]; then
            mkdir -p "$root/opt/cargo/registry"
            mount --bind "$cargo_home/registry" "$root/opt/cargo/registry"
        else
            cp -r "$cargo_home/registry" "$root/opt/cargo/"
            chroot "$root" chown -R "$owner": "$folder" /opt/cargo
        fi
        # Debian gives root that mode, and a user who wants one a home of their own.
        chmod 700 "$root/root"
        export PATH=/opt/rust/bin:/opt/cargo/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        home=$(chroot "$root" sh -c "getent passwd $owner | cut -d: -f6")
        # A root that is only chroot(2) could make no user namespaces.
        cd "$root"
        mkdir -p old-root
        pivot_root . old-root
        umount --lazy /old-root
        exec setpriv --reuid "$owner" --regid "$owner" --init-groups env -i PATH="$PATH" HOME="$home" \
            CARGO_HOME=/opt/cargo CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never ${CI:+CI="$CI"} \
            sh -c "cd \"\$1\" && shift && exec \"\$@\"" sh "$folder" "$@"
    ' bash "$@"
}

# expect LOG TEXT...: each of the texts stands in the log.
expect() {
    local log=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$log" || {
            printf '%s lacks `%s`:\n' "$log" "$text"
            tail -n 60 "$log"
            exit 1
        }
    done
}

# refuse LOG TEXT...: none of the texts stands in the log.
refuse() {
    local log=$1 text
    shift
    for text in "$@"; do
        if grep -nF -- "$text" "$log"; then
            printf '%s has `%s`\n' "$log" "$text"
            exit 1
        fi
    done
}

# show NAME SUITE EXTRA USER FOLDER COMMAND: runs it and keeps what it printed.
show() {
    local name=$1 log started=$SECONDS
    log=$target/newcomer-$name.log
    shift
    printf -- '--- %s: %s in %s of Debian %s\n' "$name" "${*:5}" "$4" "$1"
    place "$@" >"$log" 2>&1 || {
        tail -n 60 "$log"
        printf '%s failed; its output is in %s\n' "$name" "$log"
        exit 1
    }
    printf '    %d s\n' $((SECONDS - started))
}

# The demonstration on real guests: no address, why, both ways out, and a clone beside its source.
demonstrates() {
    expect "$1" '169.254.' '[wifi-foreign-mac-dropped]' 'Way out: Run the VM in shared mode' 'Smart Setup' \
        '192.168.105.' 'no problem found' '"ip": "192.168.77.50"' '"verdict": "resolved"' \
        'web   add   192.168.77.50' 'api   add   192.168.77.'
    refuse "$1" 'no real guest here' 'refused' 'belongs to user' 'not-checked'
}

stable=trixie
before=bookworm

# qemu-utils of backports: installing QEMU of the release itself would remove it.
show sticky "$before" qemu-utils root "/tmp/a b/ü" cargo xtask demo
demonstrates "$target/newcomer-sticky.log"
expect "$target/newcomer-sticky.log" 'nothing is removed'

show home "$stable" "" root /root/vmkit cargo xtask demo
demonstrates "$target/newcomer-home.log"

show user "$stable" "" "$user" "/home/$user/vmkit" cargo xtask demo
expect "$target/newcomer-user.log" 'no real guest here' 'apt-get install' '$ vm status'
refuse "$target/newcomer-user.log" 'refused'
rm -rf --one-file-system "$work"
echo "newcomer check passed"
