#!/usr/bin/env bash
# Type-checks the whole workspace for aarch64-apple-darwin, without a Mac.
#
# Debian sid ships rustc, cargo and the standard library's source of one version; in a chroot of it
# cargo builds std for macOS by itself. The code is checked, not linked and not run.
#
# The chroot is kept under ${VMKIT_CACHE:-/var/cache/vmkit}, and so is cargo's output for it.
set -euo pipefail

target=aarch64-apple-darwin
# libc6-dev: rustc asks for the virtual libc-dev, which debootstrap does not resolve.
packages=rustc,cargo,rust-src,libc6-dev
mirror=${VMKIT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
# What the chroot was made from: another recipe makes another chroot.
recipe=$(printf '%s\n' sid "$packages" "$mirror" | sha256sum | cut -c1-12)
cache=${VMKIT_CACHE:-/var/cache/vmkit}
chroot=$cache/macos-chroot-$recipe
workspace=$(cd "$(dirname "$0")/.." && pwd)

not_run() {
    printf '\n!!! macOS type-check NOT RUN: %s\n\n' "$1"
    exit 0
}

[ "$(uname -s)" = Linux ] || not_run "this recipe is for Linux; on a Mac run cargo check"
[ "$(id -u)" = 0 ] || not_run "making a chroot needs root"

make_chroot() {
    if ! command -v debootstrap >/dev/null; then
        apt-get update -qq && apt-get install -y -qq debootstrap >/dev/null ||
            not_run "debootstrap is missing and cannot be installed"
    fi
    mkdir -p "$cache"
    # Half-made ones of earlier runs, and chroots of other recipes.
    find "$cache" -maxdepth 1 -name 'macos-chroot-*' ! -path "$chroot" -exec rm -rf --one-file-system {} +
    local making=$chroot.making
    echo "making a chroot of Debian sid in $chroot"
    if ! debootstrap --variant=minbase --include="$packages" sid "$making" "$mirror" >"$cache/debootstrap.log" 2>&1; then
        tail -n 5 "$cache/debootstrap.log"
        not_run "Debian sid cannot be fetched from $mirror"
    fi
    mkdir -p "$making/workspace" "$making/cargo" "$making/target"
    # The rename is the mark of a complete chroot.
    mv "$making" "$chroot"
}

[ -d "$chroot" ] || make_chroot

# Fetched here, where the network and its certificates are set up; the chroot stays offline.
cargo fetch --quiet --locked --manifest-path "$workspace/Cargo.toml"
library=$(chroot "$chroot" readlink -f /usr/lib/rustlib/src/rust/library)
(cd / && RUSTC_BOOTSTRAP=1 cargo fetch --quiet --locked --manifest-path "$chroot$library/Cargo.toml")
echo "checking the workspace for $target with $(chroot "$chroot" rustc --version)"

# Some libraries hold C. Nothing is linked, so it need not be compiled either, which would take
# Apple's headers.
no_c="CC_aarch64_apple_darwin=/bin/true AR_aarch64_apple_darwin=/bin/true"

# The mounts live in a namespace of their own and end with it.
export cargo_home=${CARGO_HOME:-$HOME/.cargo} workspace chroot target no_c
unshare --mount bash -euo pipefail -c '
    mount --bind -o ro "$workspace" "$chroot/workspace"
    mount --bind "$cargo_home" "$chroot/cargo"
    exec chroot "$chroot" env -i PATH=/usr/sbin:/usr/bin HOME=/cargo \
        CARGO_HOME=/cargo CARGO_TARGET_DIR=/target CARGO_NET_OFFLINE=true RUSTC_BOOTSTRAP=1 $no_c \
        sh -c "cd /workspace && exec cargo check --locked --workspace --all-targets \
            -Zbuild-std=std,panic_abort --target $target"
'
echo "macOS type-check passed"
