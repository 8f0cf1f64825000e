//! The fonts of the PDF figures: Arimo, metric-compatible with Arial, cut down to Latin, Greek, Cyrillic and signs
//! (`fonts/subset.sh`), under the SIL Open Font License (`fonts/OFL.txt`).
//!
//! A character that the font lacks is shown as an empty square, never left out.

use super::deflated;
use crate::{Error, Result};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use std::collections::BTreeMap;
use ttf_parser::{Face, GlyphId};

static REGULAR: &[u8] = include_bytes!("../../fonts/figures-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../fonts/figures-Bold.ttf");
/// Stands for what the font lacks.
const MISSING: char = '\u{25a1}';

/// How glyph identities are written: two bytes each, as they are in the font.
const IDENTITY: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font and the glyphs used of it.
pub(super) struct Font {
    face: Face<'static>,
    bytes: &'static [u8],
    name: &'static [u8],
    base_name: &'static [u8],
    /// Glyph and the character it stands for.
    used: BTreeMap<u16, char>,
}

impl Font {
    pub fn regular() -> Result<Self> {
        Self::new(REGULAR, b"F0", b"Arimo-Regular")
    }

    pub fn bold() -> Result<Self> {
        Self::new(BOLD, b"F1", b"Arimo-Bold")
    }

    fn new(bytes: &'static [u8], name: &'static [u8], base_name: &'static [u8]) -> Result<Self> {
        let face = Face::parse(bytes, 0).map_err(|error| Error::Draw(format!("embedded font: {error}")))?;
        Ok(Self { face, bytes, name, base_name, used: BTreeMap::new() })
    }

    pub fn name(&self) -> Name<'static> {
        Name(self.name)
    }

    pub fn is_used(&self) -> bool {
        !self.used.is_empty()
    }

    /// The text as glyph identities, and its width as a share of the font's size.
    pub fn glyphs(&mut self, text: &str) -> (Vec<u8>, f64) {
        let mut bytes = Vec::with_capacity(2 * text.len());
        let mut width = 0.0;
        for character in text.chars() {
            let character = if character.is_control() { ' ' } else { character };
            let found = self.face.glyph_index(character).map(|glyph| (glyph, character));
            let (glyph, shown) =
                found.or_else(|| Some((self.face.glyph_index(MISSING)?, MISSING))).unwrap_or((GlyphId(0), MISSING));
            self.used.entry(glyph.0).or_insert(shown);
            bytes.extend_from_slice(&glyph.0.to_be_bytes());
            width += self.advance(glyph);
        }
        (bytes, width)
    }

    fn advance(&self, glyph: GlyphId) -> f64 {
        f64::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)) / f64::from(self.face.units_per_em())
    }

    /// Writes the font and all that belongs to it; returns its reference.
    pub fn write(&self, pdf: &mut Pdf, next: &mut impl FnMut() -> Ref) -> Result<Ref> {
        let (font, descendant, descriptor, file, cmap) = (next(), next(), next(), next(), next());
        let base = Name(self.base_name);
        let per_mille = |units: i16| f32::from(units) * 1000.0 / f32::from(self.face.units_per_em());
        pdf.type0_font(font)
            .base_font(base)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(descendant)
            .to_unicode(cmap);
        let mut entry = pdf.cid_font(descendant);
        entry.subtype(CidFontType::Type2).base_font(base).system_info(IDENTITY).font_descriptor(descriptor);
        entry.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = entry.widths();
        for glyph in self.used.keys() {
            widths.consecutive(*glyph, [(self.advance(GlyphId(*glyph)) * 1000.0) as f32]);
        }
        widths.finish();
        entry.finish();
        let bounds = self.face.global_bounding_box();
        let [left, bottom, right, top] = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(per_mille);
        pdf.font_descriptor(descriptor)
            .name(base)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(left, bottom, right, top))
            .italic_angle(0.0)
            .ascent(per_mille(self.face.ascender()))
            .descent(per_mille(self.face.descender()))
            .cap_height(per_mille(self.face.capital_height().unwrap_or(1409)))
            .stem_v(80.0)
            .font_file2(file);
        let bytes = emptied(self.bytes, &self.used.keys().copied().collect::<Vec<_>>());
        let length = i32::try_from(bytes.len()).map_err(|error| Error::Draw(error.to_string()))?;
        let packed = deflated(&bytes)?;
        let mut stream = pdf.stream(file, &packed);
        stream.filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
        stream.finish();
        let mut map = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
        for (glyph, character) in &self.used {
            map.pair(*glyph, *character);
        }
        pdf.stream(cmap, &deflated(&map.finish())?).filter(Filter::FlateDecode);
        Ok(font)
    }
}

/// The font with the outlines of glyphs that are not used set to zero, so that they vanish when packed. Tables and places
/// stay as they are; a zeroed outline has no contours.
fn emptied(bytes: &[u8], used: &[u16]) -> Vec<u8> {
    let table = |tag: &[u8; 4]| {
        let n_tables = usize::from(u16::from_be_bytes([*bytes.get(4)?, *bytes.get(5)?]));
        let record = bytes.get(12..)?.chunks_exact(16).take(n_tables).find(|record| &record[..4] == tag)?;
        let number =
            |at: usize| u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]) as usize;
        Some((number(8), number(12)))
    };
    let mut out = bytes.to_vec();
    let (Some((head, _)), Some((loca, loca_len)), Some((glyf, _))) = (table(b"head"), table(b"loca"), table(b"glyf"))
    else {
        return out;
    };
    let is_long = bytes.get(head + 51) == Some(&1);
    let n_glyphs = loca_len / if is_long { 4 } else { 2 } - 1;
    let place = |glyph: usize| {
        let bytes = &bytes[loca..loca + loca_len];
        if is_long {
            u32::from_be_bytes([0, 1, 2, 3].map(|idx| bytes[4 * glyph + idx])) as usize
        } else {
            2 * usize::from(u16::from_be_bytes([bytes[2 * glyph], bytes[2 * glyph + 1]]))
        }
    };
    let outline = |glyph: usize| glyf + place(glyph)..glyf + place(glyph + 1);
    let mut kept = vec![false; n_glyphs];
    let mut todo: Vec<usize> = used.iter().map(|glyph| usize::from(*glyph)).chain([0]).collect();
    while let Some(glyph) = todo.pop() {
        if glyph < n_glyphs && !std::mem::replace(&mut kept[glyph], true) {
            todo.extend(components(bytes.get(outline(glyph)).unwrap_or(&[])));
        }
    }
    for glyph in (0..n_glyphs).filter(|glyph| !kept[*glyph]) {
        if let Some(outline) = out.get_mut(outline(glyph)) {
            outline.fill(0);
        }
    }
    out
}

/// The glyphs that a composed outline refers to; none for a simple one.
fn components(outline: &[u8]) -> Vec<usize> {
    const WORDS: u16 = 0x1;
    const SCALE: u16 = 0x8;
    const MORE: u16 = 0x20;
    const TWO_SCALES: u16 = 0x40;
    const FOUR_SCALES: u16 = 0x80;
    let word = |at: usize| Some(u16::from_be_bytes([*outline.get(at)?, *outline.get(at + 1)?]));
    let mut all = Vec::new();
    if word(0).is_none_or(|n_contours| (n_contours as i16) >= 0) {
        return all;
    }
    let mut at = 10;
    while let (Some(flags), Some(glyph)) = (word(at), word(at + 2)) {
        all.push(usize::from(glyph));
        at += 4 + if flags & WORDS != 0 { 4 } else { 2 };
        at += match flags {
            flags if flags & SCALE != 0 => 2,
            flags if flags & TWO_SCALES != 0 => 4,
            flags if flags & FOUR_SCALES != 0 => 8,
            _ => 0,
        };
        if flags & MORE == 0 {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_hold_every_sign_that_figures_print() {
        for mut font in [Font::regular().unwrap(), Font::bold().unwrap()] {
            let signs = "Az09 \u{2212}\u{2013}\u{2026}\u{2190}\u{2192}\u{d7}\u{b7}\u{b1}\u{b0}\u{b9}\u{b2}\u{b3}\u{2070}\u{2074}\u{2079}\u{207b}\u{3b1}\u{3bc}\u{416}*%<>()";
            for sign in signs.chars() {
                assert!(font.face.glyph_index(sign).is_some(), "{sign}");
            }
            let (bytes, width) = font.glyphs("V4\u{4e00}\n");
            assert!(bytes.len() == 8 && (1.5..4.0).contains(&width), "{width}");
            assert!(font.used.values().any(|character| *character == MISSING));
        }
    }

    #[test]
    fn outlines_in_use_stay_and_others_become_empty() {
        let mut font = Font::regular().unwrap();
        font.glyphs("\u{e4}");
        let used: Vec<u16> = font.used.keys().copied().collect();
        let bytes = emptied(font.bytes, &used);
        assert_eq!(bytes.len(), font.bytes.len());
        let face = Face::parse(&bytes, 0).unwrap();
        let has_outline = |face: &Face<'_>, sign: char| face.glyph_bounding_box(face.glyph_index(sign).unwrap());
        assert_eq!(has_outline(&face, '\u{e4}'), has_outline(&font.face, '\u{e4}'));
        assert!(has_outline(&font.face, 'Q').is_some());
        assert_ne!(has_outline(&face, 'Q'), has_outline(&font.face, 'Q'));
        assert!(deflated(&bytes).unwrap().len() < 16_000, "{}", deflated(&bytes).unwrap().len());
    }
}
