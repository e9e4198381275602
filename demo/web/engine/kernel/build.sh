#!/bin/sh
# Compile the kernels, once with plain SIMD and once with relaxed SIMD, to a folder (default: this one).
#
# Needs clang-19 and lld-19 (Debian: apt-get install clang-19 lld-19). Another version writes other bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
compile() {
    clang-19 --target=wasm32 -O3 -fno-unroll-loops -nostdlib -ffreestanding -fno-math-errno -Wall -Wextra -Werror \
        -Wl,--no-entry -Wl,--strip-all -Wl,--export=__heap_base -Wl,-z,stack-size=16384 \
        "$@" "$here/kernel.c" "$here/noise.c"
}
compile -msimd128 -o "$out/plain.wasm"
compile -msimd128 -mrelaxed-simd -o "$out/relaxed.wasm"
