#!/bin/sh
# Makes the two fonts of the PDF figures from Arimo: sh subset.sh FOLDER_OF_ARIMO_TTF
# Made with fonttools 4.x from Arimo_400Regular.ttf and Arimo_700Bold.ttf of the npm package @expo-google-fonts/arimo 0.4.3.
set -e
for pair in Arimo_400Regular:Regular Arimo_700Bold:Bold; do
  pyftsubset "$1/${pair%%:*}.ttf" --output-file="$(dirname "$0")/figures-${pair##*:}.ttf" \
    --unicodes="U+20-7E,U+A0-17F,U+192,U+218-21B,U+2C6-2DD,U+370-3FF,U+400-45F,U+490-491,U+2010-2026,U+2030-203A,U+2070-209C,U+20AC,U+2122,U+2190-2195,U+2200-22FF,U+25A0-25CF,U+FFFD" \
    --layout-features= --no-hinting --desubroutinize --name-IDs='*' --notdef-outline
done
