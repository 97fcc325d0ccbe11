#!/usr/bin/env bash
# Installs what the tests need from Debian: a browser, CJK fonts, GStreamer's RTSP server, a TURN server, and
# another WHEP server (Janus; what speaks WHEP for it comes from npm).
# Without root the tests that need them are left out, and say so.
set -euo pipefail
packages=(chromium fonts-noto-cjk python3-gi gir1.2-gst-rtsp-server-1.0
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav janus coturn)
command -v npm >/dev/null || packages+=(npm)
missing=()
for name in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q '^install ok installed' || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qqy --no-install-recommends install "${missing[@]}"
else
  echo "Not root: the tests that need these packages are left out: ${missing[*]}"
  echo "To run them too: sudo apt-get install ${missing[*]}"
fi
