#!/usr/bin/env bash
# Links vm, vm-worker, vm-broker and every plugin for both kinds of Mac, without one, and checks what came out
# (cargo xtask macos). All other code, tests above all, is type-checked for one kind. Nothing is run.
#
# Debian sid ships rustc, cargo and the standard library's source of one version, and the linker of LLVM;
# in a chroot of it cargo builds std for macOS by itself. PyPI's ziglang brings a C compiler for macOS and
# the symbols of libSystem, as the SDK of macOS 13.3 lists them. tests/macos-sdk has what is used of the
# other libraries.
#
# The chroot is kept under ${VMKIT_CACHE:-/var/cache/vmkit}, and so is cargo's output for it.
set -euo pipefail

profile=macos-link
# libc6-dev: rustc asks for the virtual libc-dev, which debootstrap does not resolve.
packages=rustc,cargo,rust-src,libc6-dev,lld,llvm
mirror=${VMKIT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
# The last version with the symbols of each release of macOS. The hashes are those of the wheels for
# x86-64 and arm64.
zig='ziglang==0.11.0
    --hash=sha256:45e8116428267e20529b9ee43a7e7364791c1a092845d2143b248a1dbf6760b0
    --hash=sha256:d6372bada34714a5395539cc4d76e9cc6062739cee5ce9949a250f7c525ceb94'
# What the chroot was made from: another recipe makes another chroot.
recipe=$(printf '%s\n' sid "$packages" "$mirror" "$zig" | sha256sum | cut -c1-12)
cache=${VMKIT_CACHE:-/var/cache/vmkit}
chroot=$cache/macos-chroot-$recipe
workspace=$(cd "$(dirname "$0")/.." && pwd)
# No text of vmkit's has this path, so that a file which has it shows where it was built.
inside=/vmkit-build

not_run() {
    printf '\n!!! macOS link check NOT RUN: %s\n\n' "$1"
    exit 0
}

[ "$(uname -s)" = Linux ] || not_run "this recipe is for Linux"
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
    rm -f "$making"/var/cache/apt/archives/*.deb
    mkdir -p "$making$inside"/{workspace,cargo/registry,target,tools/bin}
    get_zig "$making$inside/tools"
    # rustc strips symbols with the copy of llvm-objcopy that rustup installs under this name.
    ln -s /usr/bin/llvm-objcopy "$making$inside/tools/bin/rust-objcopy"
    # The rename is the mark of a complete chroot.
    mv "$making" "$chroot"
}

get_zig() {
    local tools=$1
    printf '%s\n' "$zig" | tr '\n' ' ' >"$tools/requirements.txt"
    python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes \
        -r "$tools/requirements.txt" -d "$tools" >"$cache/ziglang.log" 2>&1 || {
        tail -n 5 "$cache/ziglang.log"
        not_run "ziglang cannot be fetched from PyPI"
    }
    python3 -m zipfile -e "$tools"/ziglang-*.whl "$tools"
    rm "$tools"/ziglang-*.whl
    chmod +x "$tools/ziglang/zig"
}

# The libraries to link against. Made anew each time: tests/macos-sdk may have changed.
make_sdk() {
    local sdk=$1 library
    rm -rf "$sdk"
    cp -r "$workspace/tests/macos-sdk" "$sdk"
    cp "$chroot$inside/tools/ziglang/lib/libc/darwin/libSystem.13.tbd" "$sdk/usr/lib/libSystem.tbd"
    for library in c m pthread dl; do ln -s libSystem.tbd "$sdk/usr/lib/lib$library.tbd"; done
}

# The C compiler for a kind of Mac: zig's, without the flags that only Apple's compiler knows.
make_compiler() {
    cat >"$chroot$inside/tools/cc-$1" <<SCRIPT
#!/bin/bash
kept=()
while [ \$# -gt 0 ]; do
    case \$1 in
        -arch | -isysroot) shift ;;
        --target=* | -mmacosx-version-min=*) ;;
        *) kept+=("\$1") ;;
    esac
    shift
done
exec $inside/tools/ziglang/zig cc -target $1-macos.13.0 "\${kept[@]}"
SCRIPT
    chmod +x "$chroot$inside/tools/cc-$1"
}

[ -d "$chroot" ] || make_chroot
make_sdk "$chroot$inside/sdk"
for kind in aarch64 x86_64; do make_compiler "$kind"; done

# Fetched here, where the network and its certificates are set up; the chroot stays offline.
cargo fetch --quiet --locked --manifest-path "$workspace/Cargo.toml"
library=$(chroot "$chroot" readlink -f /usr/lib/rustlib/src/rust/library)
(cd / && RUSTC_BOOTSTRAP=1 cargo fetch --quiet --locked --manifest-path "$chroot$library/Cargo.toml")

flags=(
    -Clinker-flavor=darwin-lld -Zunstable-options
    -Clink-arg=-syslibroot "-Clink-arg=$inside/sdk"
    # The kernel of an Intel Mac asks for no signature, but the same check then holds of both.
    -Clink-arg=-adhoc_codesign
    # Without these the paths of this computer end up in the files: where a panic says its place, and
    # in a library's own name.
    "--remap-path-prefix=$inside/cargo/registry/src/=" "--remap-path-prefix=$inside/="
    --remap-path-prefix=/usr/lib/rustlib/src/rust/=rust/ -Zosx-rpath-install-name
)

# in_chroot COMMAND: runs it beside the workspace. The mounts live in a namespace of their own and end with it.
in_chroot() {
    export cargo_home=${CARGO_HOME:-$HOME/.cargo} workspace chroot inside rustflags="${flags[*]}"
    unshare --mount bash -euo pipefail -c '
        mount --bind -o ro "$workspace" "$chroot$inside/workspace"
        # Only what was fetched: a lock of another cargo on this computer would hold up this one.
        mount --bind -o ro "$cargo_home/registry" "$chroot$inside/cargo/registry"
        # zig finds its own folder there.
        mount -t proc proc "$chroot/proc"
        tools=$inside/tools
        exec chroot "$chroot" env -i PATH="$tools/bin:/usr/sbin:/usr/bin" HOME="$tools" \
            CARGO_HOME="$inside/cargo" CARGO_TARGET_DIR="$inside/target" CARGO_NET_OFFLINE=true \
            ${CARGO_BUILD_JOBS:+CARGO_BUILD_JOBS="$CARGO_BUILD_JOBS"} \
            RUSTC_BOOTSTRAP=1 RUSTFLAGS="$rustflags" \
            MACOSX_DEPLOYMENT_TARGET=13.0 SDKROOT="$inside/sdk" VMKIT_BUILD_FOR_OTHERS=1 \
            ZIG_GLOBAL_CACHE_DIR="$inside/zig" ZIG_LOCAL_CACHE_DIR="$inside/zig" \
            AR_aarch64_apple_darwin=/usr/bin/llvm-ar AR_x86_64_apple_darwin=/usr/bin/llvm-ar \
            CC_aarch64_apple_darwin="$tools/cc-aarch64" CC_x86_64_apple_darwin="$tools/cc-x86_64" \
            CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER=/usr/bin/ld64.lld \
            CARGO_TARGET_X86_64_APPLE_DARWIN_LINKER=/usr/bin/ld64.lld \
            sh -c "cd $inside/workspace && exec \"\$@\"" sh "$@"
    ' bash "$@"
}

shipped=(--package vmkit --package vm-worker --package vm-broker)
for plugin in "$workspace"/plugins/*/plugin.json; do
    shipped+=(--package "$(basename "$(dirname "$plugin")")")
done

echo "linking for Macs with $(chroot "$chroot" rustc --version) and $(chroot "$chroot" ld64.lld --version)"
in_chroot cargo build --quiet --locked --profile "$profile" -Zbuild-std=std,panic_unwind \
    --target aarch64-apple-darwin --target x86_64-apple-darwin "${shipped[@]}"
cargo xtask macos "$chroot$inside/target" --profile "$profile" --sdk "$chroot$inside/sdk" \
    --builder "$inside/" --builder /usr/lib/rustlib/ --builder "$workspace/"
# What is not shipped, tests above all.
in_chroot cargo check --quiet --locked --profile "$profile" -Zbuild-std=std,panic_unwind \
    --target aarch64-apple-darwin --workspace --all-targets
echo "macOS link check passed"
